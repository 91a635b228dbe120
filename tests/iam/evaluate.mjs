// Decides the calls of a call log again, with another implementation of AWS's policy logic.
//
//   node evaluate.mjs CALLS.jsonl
//
// Exits 1 and lists each permission that the deployed policies don't give although the server took it as given, each
// that the server refused although they give it, each call that was answered with no permission asked, and each that
// could not be judged. Exits 2 for a log that cannot be read. The log's format: localcloud/server/calllog.py.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createValidatedPolicy, loadPolicy, validateResourcePolicy } from '@cloud-copilot/iam-policy'
import { anonymousPrincipal, runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'
// What the simulator itself takes for public; it does not export it.
import { classifyS3RuntimePublicBucketPolicy as classify } from './node_modules/@cloud-copilot/iam-simulate/dist/esm/services/s3/s3BlockPublicAccess.js'

// What no permission is asked for: nobody may be denied his own identity; a preflight has no caller; DeleteObjects
// asks for each key by itself.
const NEEDS_NOTHING = new Set(['sts GetCallerIdentity', 's3 CorsPreflight', 's3 DeleteObjects'])
// The simulator knows fewer ARN forms than the services use; these errors say so, and mean the policies can be asked.
const ONLY_THE_RESOURCE = new Set(['no.resource.types', 'multiple.resource.types', 'must.use.wildcard'])
// A role or key that is not there trusts nobody; without any policy the simulator would take the account as trusted.
const GATED = /^(sts:(AssumeRole|TagSession|SetSourceIdentity)|kms:)/
const TRUSTS_NOBODY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'nobody.amazonaws.com' }, Action: '*', Resource: '*' }]
}
// Names that KMS keeps for AWS are refused by the service, not by anybody's policies; the simulator counts both.
const REFUSED_BY_NAME = 'NotAuthorizedException'
// By what a service gives with its own requests the simulator is chosen.
const OF_A_SERVICE = /^kms:EncryptionContext:aws:/
const OF_A_BUCKET = /^arn:aws:s3:::/

const policies = new Map()
const texts = new Map()
const distinct = new Map()
const failures = []
const counts = { calls: 0, permissions: 0, distinct: 0, byPolicyOnly: 0 }

function policy(reference) {
  if (!policies.has(reference)) throw new Error(`policy ${reference} is not in the log`)
  return policies.get(reference)
}

// In lower case, as names of condition keys are compared.
function text(reference) {
  if (!texts.has(reference)) texts.set(reference, JSON.stringify(policy(reference)).toLowerCase())
  return texts.get(reference)
}

function note(call) {
  counts.calls += 1
  const name = `${call.service} ${call.operation}`
  const answered = call.status < 400
  if (answered && call.permissions.length === 0 && !NEEDS_NOTHING.has(name)) {
    failures.push(`answered without asking for any permission: ${describe(call)}`)
  }
  for (const permission of call.permissions) {
    counts.permissions += 1
    if (answered && !permission.allowed) {
      failures.push(`answered (${call.status}) although ${permission.action} was refused: ${describe(call)}`)
    }
    const key = identity(permission, answered)
    if (!distinct.has(key)) distinct.set(key, { call, permission })
  }
}

// What makes two calls the same to all policies: of the context, the keys that one of them names.
function identity(permission, answered) {
  const asked = Object.values(permission.policies).flat().map(text)
  const named = (name) => asked.some((one) => one.includes(name.toLowerCase()))
  const context = Object.entries(permission.context).filter(([name]) => OF_A_SERVICE.test(name) || named(name))
  const { principal, action, resource, owner_account, allowed, policies: references, public_access_blocks } = permission
  const state = [owner_account, context.sort(), references, public_access_blocks, references.stored && answered]
  return JSON.stringify([principal, action, resource, allowed, state])
}

function describe(call) {
  return `${call.service} ${call.operation} by ${call.caller.arn || call.caller.kind} (call ${call.id})`
}

function principalOf({ kind, arn, name }) {
  if (kind === 'anonymous') return anonymousPrincipal
  return kind === 'service' || kind === 'federated' ? name : arn
}

function gated(action, resource) {
  return GATED.test(action) && (resource.includes(':role/') || resource.includes(':key/'))
}

// Whether a setting of S3 Block Public Access holds: of the bucket or of its account, whichever is stricter.
function blocks({ action, resource, public_access_blocks: held }, setting) {
  if (!action.startsWith('s3:') || !OF_A_BUCKET.test(resource)) return false
  if (!held) throw new Error('the public access blocks are not in the log')
  return [...held.bucket, ...held.account].includes(setting)
}

// BlockPublicPolicy lets nobody store a public policy, whatever the policies give.
function storesWhatIsBlocked(permission, call) {
  if (permission.action !== 's3:PutBucketPolicy' || !blocks(permission, 'BlockPublicPolicy')) return false
  const answered = call.status < 400
  if (permission.allowed && !answered) return false // refused for another reason, as malformed: nothing was stored
  const [stored] = permission.policies.stored ?? []
  if (!stored && answered) throw new Error('the policy that was stored is not in the log')
  return Boolean(stored) && classify(loadPolicy(policy(stored))).result === 'public'
}

function simulation(permission) {
  const { principal, action, resource, owner_account, context, policies: references } = permission
  const named = (part) => (references[part] ?? []).map((name) => ({ name, policy: policy(name) }))
  const boundary = named('boundary')
  return {
    request: {
      principal: principalOf(principal),
      action,
      resource: { resource, accountId: owner_account ?? principal.account },
      contextVariables: context
    },
    identityPolicies: named('identity'),
    sessionPolicy: named('session')[0]?.policy,
    permissionBoundaryPolicies: boundary.length ? boundary : undefined,
    resourcePolicy: named('resource')[0]?.policy ?? (gated(action, resource) ? TRUSTS_NOBODY : undefined),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    additionalSettings: { s3: { blockPublicAccess: blocks(permission, 'RestrictPublicBuckets') } }
  }
}

async function allowed(permission, call) {
  if (storesWhatIsBlocked(permission, call)) return false
  const wanted = simulation(permission)
  const answer = await runSimulation(wanted, {})
  if (answer.resultType === 'error') {
    if (!ONLY_THE_RESOURCE.has(answer.errors.message)) throw new Error(JSON.stringify(answer.errors))
    return allowedByPolicies(wanted)
  }
  // The simulator leaves out condition keys that it does not know of an action; it knows few of identity providers, and
  // no encryption context of a service's own.
  const ownContext = Object.keys(permission.context).some((key) => OF_A_SERVICE.test(key))
  const { kind } = permission.principal
  if (kind === 'federated' || (kind === 'service' && ownContext)) return allowedByPolicies(wanted)
  return answer.overallResult === 'Allowed'
}

// Without the simulator's own ideas of which resources and condition keys an action has.
function allowedByPolicies(wanted) {
  if (wanted.sessionPolicy) throw new Error('a session policy cannot be judged by policies alone')
  counts.byPolicyOnly += 1
  const { resourcePolicy, request } = wanted
  const values = Object.entries(request.contextVariables)
  const contextVariables = Object.fromEntries(values.map(([key, all]) => [key, all.length === 1 ? all[0] : all]))
  const validated = resourcePolicy && createValidatedPolicy(resourcePolicy, validateResourcePolicy, { name: 'resource' })
  return (
    runUnsafeSimulation({ ...wanted, resourcePolicy: validated, request: { ...request, contextVariables } }, {}) ===
    'Allowed'
  )
}

async function judge({ call, permission }) {
  counts.distinct += 1
  const what = `${permission.action} on ${permission.resource}: ${describe(call)}`
  try {
    const simulated = await allowed(permission, call)
    if (permission.allowed && !simulated && call.code !== REFUSED_BY_NAME) failures.push(`the policies do not allow ${what}`)
    if (!permission.allowed && simulated) failures.push(`refused (${permission.reason}) but allowed is ${what}`)
  } catch (error) {
    failures.push(`cannot be judged (${error.message}): ${what}`)
  }
}

async function read(path) {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (!line) continue
    const entry = JSON.parse(line)
    if ('policy' in entry) policies.set(entry.policy, JSON.parse(entry.document))
    else note(entry)
  }
}

try {
  await read(process.argv[2])
} catch (error) {
  console.error(`${process.argv[2]}: ${error.message}`)
  process.exit(2)
}
for (const entry of distinct.values()) await judge(entry)
const { calls, permissions, distinct: judged, byPolicyOnly } = counts
console.log(`${calls} calls, ${permissions} permissions, ${judged} distinct, ${byPolicyOnly} judged by policies alone`)
for (const failure of failures) console.log(failure)
process.exit(failures.length ? 1 : 0)
