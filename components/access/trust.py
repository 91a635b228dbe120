"""Who may assume a role.

A trust policy that names a user or role which doesn't exist is refused, and one that names a role made again under the
same name stops matching without a word. So identities are named by their account as principal and by a condition on
``aws:PrincipalArn``. The cost: the identity's own account must allow it ``sts:AssumeRole`` too.

Claims of GitHub's tokens that STS compares: IAM user guide, "Available keys for AWS OIDC federation" (actor, actor_id,
enterprise_id, environment, job_workflow_ref, ref, repository, repository_id, workflow beside aud and sub).
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import names, rules
from .statements import Condition, Principals, Statement


def batch_jobs(account: str) -> Statement:
    """The containers of jobs; ``aws:SourceAccount`` keeps other accounts' tasks out (the confused deputy)."""
    return _service("Jobs", "ecs-tasks.amazonaws.com", _of(account))


def job_starter() -> Statement:
    """ECS, which pulls a job's image and writes its log. Its documentation names a source for the roles of tasks alone,
    so a condition might keep every job from starting; a role is passed to ECS in its own account only.
    """
    return _service("JobStarter", "ecs-tasks.amazonaws.com")


def machines() -> Statement:
    """The machines of jobs, where the ECS agent runs, and those of the cluster."""
    return _service("Machines", "ec2.amazonaws.com")


def cluster() -> Statement:
    """EKS, for the cluster. Without sts:TagSession its machines and load balancer targets would fail, in silence."""
    return Statement(
        sid="Cluster",
        actions=("sts:AssumeRole", "sts:TagSession"),
        principals=Principals(kind="Service", ids=("eks.amazonaws.com",)),
    )


def pods(account: str, region: str, namespace: str, service_account: str) -> Statement:
    """The pods of one service account in the account's cluster, by EKS Pod Identity, which says so in tags."""
    tags = {
        "eks-cluster-arn": names.cluster_arn(account, region),
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": service_account,
    }
    return Statement(
        sid="Pods",
        actions=("sts:AssumeRole", "sts:TagSession"),
        principals=Principals(kind="Service", ids=("pods.eks.amazonaws.com",)),
        conditions=(
            *(
                Condition(operator="StringEquals", key=f"aws:RequestTag/{tag}", values=(value,))
                for tag, value in tags.items()
            ),
            _of(account),
        ),
    )


def state_machine(account: str, region: str, environment: str) -> Statement:
    """Step Functions, for this environment's state machine alone."""
    machine = names.state_machine_arn(account, region, environment)
    source = Condition(operator="ArnLike", key="aws:SourceArn", values=(machine,))
    return _service("StepFunctions", "states.amazonaws.com", _of(account), source)


def flow_logs(account: str) -> Statement:
    """The service that writes flow logs, for this account's alone."""
    return _service("FlowLogs", "vpc-flow-logs.amazonaws.com", _of(account))


def identities(sid: str, patterns: tuple[str, ...]) -> Statement:
    """Users and roles by ARN; ``*`` and ``?`` stand in names, never for an account."""
    accounts = sorted({rules.account_of_principal(pattern) for pattern in patterns})
    return Statement(
        sid=sid,
        actions=("sts:AssumeRole",),
        principals=Principals(kind="AWS", ids=tuple(names.account_arn(account) for account in accounts)),
        conditions=(Condition(operator="ArnLike", key="aws:PrincipalArn", values=patterns),),
    )


@dataclass(frozen=True, kw_only=True)
class GitHubJobs:
    """Jobs of GitHub Actions, by the claims of their tokens. STS compares these since January 2026."""

    subject: str
    """Names the repository, and the GitHub environment or the branch."""
    repository_id: int
    """A repository that is made anew under the same name has another."""
    refs: tuple[str, ...]
    """What the workflow runs on; ``*`` stands for the number of a pull request."""
    workflows: tuple[str, ...]
    """The file with the job, as ``owner/name/.github/workflows/file@ref``. GitHub makes an environment, without any
    protection, the first time that a job names it: the subject alone would let a workflow of any branch in."""


def github(account: str, jobs: GitHubJobs) -> Statement:
    """The jobs of GitHub Actions whose tokens have all of these claims."""
    issuer = names.GITHUB_ISSUER
    exact = {"aud": names.GITHUB_AUDIENCE, "repository_id": str(jobs.repository_id), "sub": jobs.subject}
    return Statement(
        sid="GitHub",
        actions=("sts:AssumeRoleWithWebIdentity",),
        principals=Principals(kind="Federated", ids=(names.oidc_provider_arn(account, issuer),)),
        conditions=(
            *(Condition(operator="StringEquals", key=f"{issuer}:{key}", values=(one,)) for key, one in exact.items()),
            Condition(operator="StringLike", key=f"{issuer}:ref", values=jobs.refs),
            Condition(operator="StringLike", key=f"{issuer}:job_workflow_ref", values=jobs.workflows),
        ),
    )


def _service(sid: str, service: str, *conditions: Condition) -> Statement:
    principals = Principals(kind="Service", ids=(service,))
    return Statement(sid=sid, actions=("sts:AssumeRole",), principals=principals, conditions=conditions)


def _of(account: str) -> Condition:
    """On behalf of what is in this account."""
    return Condition(operator="StringEquals", key="aws:SourceAccount", values=(account,))
