// Searches an account for a way up: what a role can reach by changing roles, policies and trust, and entering roles.
//
//   node escalate.mjs WORLD.json
//
// WORLD: {"account", "attacker": role ARN, "changes": how many in a row, "roles": [{"arn", "trust", "policies", "attached", "boundary"}],
// "policies": {ARN: document}, "forbidden": [{"action", "resource"}]}.
// Prints each forbidden action that is reached, and the changes by round, and exits 1; exits 0 where none is reached.
//
// A change only adds power (a policy that allows everything, a trust in the attacker, another boundary to act within):
// all that are possible are made at once, so that N rounds reach what any chain of N changes reaches. Whether a change is
// allowed, the independent evaluator decides.

import { readFileSync } from 'node:fs'
import { runUnsafeSimulation } from '@cloud-copilot/iam-simulate'
import { createValidatedPolicy, validateResourcePolicy } from '@cloud-copilot/iam-policy'

const EVERYTHING = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess'
const NONE = ''

const world = JSON.parse(readFileSync(process.argv[2]))
const { account, changes, forbidden } = world
const managed = new Map(Object.entries(world.policies))
managed.set(ADMINISTRATOR, EVERYTHING)
const roles = new Map(world.roles.map((role) => [role.arn, { attached: [], ...role, boundaries: new Set([role.boundary ?? NONE]) }]))
// Roles that could be made: one in each place where an allowed name might be.
const inventions = ['invented', 'cryoet-invented', 'cryoet/delegated/invented', 'cryoet-ingestion-x-batch-main-instance']
const held = new Set([world.attacker])
const cache = new Map()

function documents({ policies, attached }) {
  return [...policies, ...attached.map((arn) => managed.get(arn))]
}

function sessionOf(arn) {
  return `arn:aws:sts::${account}:assumed-role/${arn.split('/').at(-1)}/session`
}

// Whether a role, within one of the boundaries that it can have, may do something.
function may(arn, action, resource, context = {}, resourcePolicy = undefined) {
  const role = roles.get(arn)
  return [...role.boundaries].some((boundary) => {
    const key = JSON.stringify([documents(role), boundary, managed.get(boundary), arn, action, resource, context, resourcePolicy])
    if (!cache.has(key)) cache.set(key, simulate(role, boundary, action, resource, context, resourcePolicy))
    return cache.get(key)
  })
}

function simulate(role, boundary, action, resource, context, resourcePolicy) {
  const validated = resourcePolicy && createValidatedPolicy(resourcePolicy, validateResourcePolicy, { name: 'resource' })
  const answer = runUnsafeSimulation(
    {
      request: {
        principal: sessionOf(role.arn),
        action,
        resource: { resource, accountId: account },
        contextVariables: { 'aws:PrincipalArn': role.arn, 'aws:PrincipalAccount': account, ...context }
      },
      identityPolicies: documents(role).map((policy, index) => ({ name: String(index), policy })),
      permissionBoundaryPolicies: boundary ? [{ name: boundary, policy: managed.get(boundary) }] : undefined,
      resourcePolicy: validated,
      serviceControlPolicies: [],
      resourceControlPolicies: []
    },
    {}
  )
  return answer === 'Allowed'
}

function trusting(arn) {
  const principal = { AWS: [arn, `arn:aws:iam::${account}:root`] }
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }] }
}

// Every change that there is, as [what is asked for, on what, in which context, what it makes of the world].
function* possibleChanges() {
  const boundaries = [...managed.keys()]
  for (const role of roles.values()) {
    const { arn } = role
    const bound = [...role.boundaries].map((one) => (one ? { 'iam:PermissionsBoundary': one } : {}))
    yield ['iam:UpdateAssumeRolePolicy', arn, [{}], (by) => { role.trust = trusting(by) }]
    yield ['iam:PutRolePolicy', arn, bound, () => { role.policies = [EVERYTHING] }]
    yield ['iam:AttachRolePolicy', arn, bound.map((one) => ({ ...one, 'iam:PolicyARN': ADMINISTRATOR })),
      () => { role.policies = [EVERYTHING] }]
    yield ['iam:DeleteRolePermissionsBoundary', arn, bound, () => role.boundaries.add(NONE)]
    for (const boundary of boundaries) {
      yield ['iam:PutRolePermissionsBoundary', arn, [{ 'iam:PermissionsBoundary': boundary }],
        () => role.boundaries.add(boundary)]
    }
  }
  for (const arn of Object.keys(world.policies)) {
    for (const action of ['iam:CreatePolicyVersion', 'iam:SetDefaultPolicyVersion']) {
      yield [action, arn, [{}], () => managed.set(arn, EVERYTHING)]
    }
  }
  for (const name of inventions) {
    for (const boundary of [NONE, ...boundaries]) {
      const arn = `arn:aws:iam::${account}:role/${name}`
      const context = boundary ? { 'iam:PermissionsBoundary': boundary } : {}
      yield ['iam:CreateRole', arn, [context], (by) => {
        const before = roles.get(arn) ?? { arn, policies: [], attached: [], boundaries: new Set() }
        roles.set(arn, { ...before, trust: trusting(by), boundaries: before.boundaries.add(boundary) })
      }]
    }
  }
}

// Enters every role that can be entered from those that are held, one from another.
function enter() {
  for (let before = 0; before !== held.size; ) {
    before = held.size
    for (const by of [...held]) {
      for (const { arn, trust } of [...roles.values()]) {
        if (!held.has(arn) && may(by, 'sts:AssumeRole', arn, {}, trust)) held.add(arn)
      }
    }
  }
}

enter()
const made = new Map()
for (let round = 1; round <= changes; round += 1) {
  const allowed = []
  for (const [action, on, contexts, apply] of possibleChanges()) {
    const text = `${action} on ${on} ${JSON.stringify(contexts[0])}`
    const by = made.has(text) ? undefined : [...held].find((one) => contexts.some((each) => may(one, action, on, each)))
    if (by) allowed.push([text, by, apply])
  }
  for (const [text, by, apply] of allowed) {
    made.set(text, `${round}. ${text} by ${by}`)
    apply(by)
  }
  enter()
}

const reached = [...held].flatMap((by) =>
  forbidden.filter(({ action, resource }) => may(by, action, resource)).map(({ action, resource }) => `${action} on ${resource} as ${by}`)
)
console.log(`${held.size} roles are held, ${made.size} changes were made, ${cache.size} requests were judged`)
for (const line of reached) console.log(line)
if (reached.length) for (const line of made.values()) console.log(line)
process.exit(reached.length ? 1 : 0)
