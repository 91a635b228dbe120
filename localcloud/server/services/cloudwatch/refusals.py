"""CloudWatch's metric alarms: what AWS refuses and moto takes.

Sources: the API reference of PutMetricAlarm and AWS's answers as recorded by others. AWS facts: an alarm looks back a
day at most, with periods of an hour and more a week; it watches a metric or what queries make of metrics, never both;
whether what an action names exists is not looked at.
"""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Params, Refusal

SHORT_PERIODS = (10, 20, 30)
HOUR, DAY, WEEK = 3600, 86_400, 604_800
MOST_METRICS = 10
ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
VENDORS = ("aiops", "automate", "autoscaling", "lambda", "sns", "ssm", "ssm-incidents", "swf")
"""The services that an action may be of, by their part in its ARN."""
ARN_PARTS = 6
ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
"""Parameters for one metric, that go with no query."""
BANDS = (
    "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold",
)  # fmt: skip
"""Comparisons with a band of expected values."""


def _invalid(text: str) -> Refusal:
    return Refusal("ValidationError", text)


def _exclusive(one: str, other: str) -> Refusal:
    return _invalid(f"The parameters {one} and {other} are mutually exclusive and you have specified both.")


@HOOKS.before("cloudwatch", "PutMetricAlarm")
def put(call: Call) -> None:
    params = call.params
    queries: list[Params] = params.get("Metrics") or []
    if queries:
        both = [name for name in ONE_METRIC if params.get(name)]
        if both:
            raise _exclusive(both[0], "Metrics")
        _queries(queries)
    else:
        _one_metric(params)
    _threshold(params)
    periods: list[int] = [params["Period"]] if "Period" in params else [_period(query) for query in queries]
    for period in filter(None, periods):
        _window(period, params["EvaluationPeriods"])
    if params.get("DatapointsToAlarm", 0) > params["EvaluationPeriods"]:
        raise _invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    for name in ACTIONS:
        for arn in params.get(name) or []:
            _action(arn, call.region)


def _one_metric(params: Params) -> None:
    for name in ("MetricName", "Namespace", "Period", "EvaluationPeriods"):
        if not params.get(name):
            raise _invalid(f"The parameter {name} must be specified")
    if bool(params.get("Statistic")) == bool(params.get("ExtendedStatistic")):
        raise _invalid("Exactly one of Statistic and ExtendedStatistic must be specified")


def _threshold(params: Params) -> None:
    if params["ComparisonOperator"] in BANDS:
        if not params.get("ThresholdMetricId"):
            raise _invalid("ComparisonOperators for ranges require ThresholdMetricId to be set")
    elif params.get("Threshold") is None:
        raise _invalid("PutMetricAlarm request should have valid Threshold parameter")


def _queries(queries: list[Params]) -> None:
    for query in queries:
        if "Expression" in query and "MetricStat" in query:
            raise _exclusive("MetricDataQuery Expression", "MetricStat")
        if "SEARCH(" in str(query.get("Expression", "")).upper().replace(" ", ""):
            raise _invalid("SEARCH is not supported on Metric Alarms.")
    if sum("MetricStat" in query for query in queries) > MOST_METRICS:
        raise _invalid(f"Too many metrics in alarm, maximum is {MOST_METRICS}")


def _period(query: Params) -> int:
    """Of a query, in seconds; 0 if it has none."""
    return int(query.get("MetricStat", query).get("Period") or 0)


def _window(period: int, count: int) -> None:
    if period not in SHORT_PERIODS and period % 60:
        raise _invalid("Period must be 10, 20, 30 or a multiple of 60")
    longest, name, rule = (WEEK, "week", ">=") if period >= HOUR else (DAY, "day", "<")
    if period * count > longest:
        raise _invalid(
            f"Metrics cannot be checked across more than a {name} (EvaluationPeriods * Period must be <= {longest}) "
            f"for alarms using period {rule} {HOUR}"
        )


def _action(arn: str, region: str) -> None:
    parts = arn.split(":")
    if parts[0] != "arn" or len(parts) < ARN_PARTS:
        raise _invalid(f"Invalid arn syntax: {arn}")
    if parts[2] not in VENDORS:
        raise _invalid(f"Unsupported AWS vendor {parts[2]}")
    if parts[2] == "automate" and parts[3] != region:
        raise _invalid(f"Invalid region {parts[3]} specified. Only {region} is supported.")
