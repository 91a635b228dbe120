"""Roles of an account, from its settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pulumi

from components import names
from components.access import buckets as bucket_permissions
from components.access import deployment, trust
from components.access import roles as role_permissions
from components.access.scope import Scope
from components.access.statements import Statement
from components.identity import RoleArgs
from settings import Environment, Portal, Release
from settings.schema import GitHub
from settings.scope import operator


def boundary(portal: Portal, name: str) -> str:
    """The ARN of one of the permissions boundaries, which the account's bootstrap makes."""
    return names.policy_arn(portal.current.account.id, name)


def arns_of_ci(portal: Portal) -> dict[str, str]:
    """The ARNs by name of the roles of GitHub's jobs, which the account's bootstrap makes; empty: there are none."""
    account = portal.current.account.id
    return {name: names.role_arn(account, name) for name in names.roles_of_ci()} if portal.current.access.github else {}


def roles_with_data(portal: Portal) -> Iterator[RoleArgs]:
    """Jobs', releases', operators' and readers' roles: an administrator makes and changes them, for they reach data."""
    account, access = portal.current.account.id, portal.current.access
    bound = boundary(portal, names.DATA_BOUNDARY)
    operators = (trust.identities("Operators", access.operators),) if access.operators else ()

    def role(name: str, description: str, who: tuple[Statement, ...], permissions: tuple[Statement, ...]) -> RoleArgs:
        return RoleArgs(role=name, description=description, trust=who, permissions=permissions, boundary=bound)

    jobs = trust.batch_jobs(account)
    for name, environment in portal.current.environments.items():
        for job, permissions in _jobs(portal, name, environment):
            yield role(job, f"Jobs of the environment {name}", (jobs,), permissions)
    for release in portal.releases():
        if release.source_account == account:
            permissions = (
                *_sync_jobs(portal, release),
                *bucket_permissions.release(release.source.name, release.destination.name),
            )
            description = f"Releases {release.source.name} into {release.destination.name}"
            yield role(names.sync_role(release.key), description, (jobs, *operators), permissions)
    if operators:
        yield role(names.OPERATOR, "What people who submit and follow jobs may do", operators, operator(portal))
    for name, reader in access.readers.items():
        shared = [bucket.name for bucket in portal.current.buckets.values() if name in bucket.readers]
        who = (trust.identities("Reader", reader.principals),)
        yield role(
            names.reader_role(name), f"Reads what is shared with {name}", who, bucket_permissions.read("Data", *shared)
        )


PULL_REQUESTS: Final = "refs/pull/*/merge"
"""What the workflows of pull requests run on."""


def jobs_of_github(github: GitHub) -> dict[str, trust.GitHubJobs]:
    """Which jobs enter each of CI's roles, by the role's name."""

    def jobs(way: str, *workflows: tuple[str, str]) -> trust.GitHubJobs:
        return trust.GitHubJobs(
            subject=f"{github.prefix}:{way}",
            repository_id=github.repository_id,
            refs=tuple(dict.fromkeys(ref for _, ref in workflows)),
            workflows=tuple(f"{github.repository}/.github/workflows/{file}@{ref}" for file, ref in workflows),
        )

    preview, main = f"environment:{github.preview_environment}", github.branch_ref
    return {
        names.GITHUB_PREVIEW: jobs(preview, ("deploy.yml", main), ("preview.yml", PULL_REQUESTS)),
        names.GITHUB_DRIFT: jobs(f"ref:{main}", ("drift.yml", main)),
        names.GITHUB_DEPLOY: jobs(f"environment:{github.environment}", ("deploy.yml", main), ("recover.yml", main)),
    }


DEPLOY_SECONDS: Final = 7_200
"""How long a session of the deploy role may last: as long as the workflow's job."""


def roles_of_github(portal: Portal, scope: Scope, *after: pulumi.Resource) -> Iterator[RoleArgs]:
    """The roles of GitHub's jobs, if the stack file names a repository. No boundary: an administrator makes them.

    ``after``: what must exist before them.
    """
    github = portal.current.access.github
    if github is None:
        return

    ways = jobs_of_github(github)

    def role(
        name: str, description: str, permissions: tuple[Statement, ...], more: deployment.Further, seconds: int = 3_600
    ) -> RoleArgs:
        return RoleArgs(
            role=name,
            description=description,
            trust=(trust.github(scope.account, ways[name]),),
            permissions=permissions,
            more=more,
            boundary=None,
            max_session_seconds=seconds,
            after=after,
        )

    further = deployment.further_lookups(scope)
    yield role(names.GITHUB_PREVIEW, "Previews changes", deployment.preview(scope), further)
    further = deployment.further_reads(scope)
    yield role(names.GITHUB_DRIFT, "Looks for drift", deployment.drift(scope), further)
    further = deployment.further_changes(scope)
    yield role(
        names.GITHUB_DEPLOY, "Deploys what was reviewed", deployment.deploy(scope), further, seconds=DEPLOY_SECONDS
    )


def _jobs(portal: Portal, name: str, environment: Environment) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    """The job roles of an environment: name and permissions."""
    account, common = portal.current.account, _common_job_permissions(portal, environment)
    if environment.ingest:
        permissions = role_permissions.ingest(
            reads=tuple(portal.bucket(ref).name for ref in environment.ingest.reads),
            writes=tuple(portal.bucket(ref).name for ref in environment.ingest.writes),
        )
        yield names.ingest_role(name), (*common, *permissions)
    if environment.import_from:
        permissions = role_permissions.database_import(
            bucket=portal.bucket(environment.import_from).name,
            account=account.id,
            region=account.region,
            environment=name,
        )
        yield names.import_role(name), (*common, *permissions)


def _common_job_permissions(portal: Portal, environment: Environment) -> tuple[Statement, ...]:
    """What each job of an environment may do, whatever it runs."""
    return role_permissions.job(
        registry_account=portal.project.registry.account,
        region=portal.current.account.region,
        wdl_bucket=environment.wdl_bucket,
        comms_bucket=environment.comms_bucket,
    )


def _sync_jobs(portal: Portal, release: Release) -> tuple[Statement, ...]:
    """What jobs need around a release, if one of this account's environments releases into the bucket."""
    for environment in portal.current.environments.values():
        ref = environment.orchestrator and environment.orchestrator.sync_into
        if ref and portal.bucket(ref) == release.destination:
            return _common_job_permissions(portal, environment)
    return ()
