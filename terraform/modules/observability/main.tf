# Alarms and the dashboard. Each alarm names its section of docs/operations.md.

locals {
  runbook = "docs/operations.md"

  balancer = { LoadBalancer = var.load_balancer_suffix }
  gateway  = { LoadBalancer = var.load_balancer_suffix, TargetGroup = var.gateway_target_group_suffix }
  nomad    = { LoadBalancer = var.load_balancer_suffix, TargetGroup = var.nomad_target_group_suffix }
  database = { DBInstanceIdentifier = var.database_identifier }

  alarms = merge(
    {
      "gateways-gone" = {
        namespace  = "AWS/ApplicationELB", metric = "HealthyHostCount", dimensions = local.gateway, statistic = "Minimum"
        comparison = "LessThanThreshold", threshold = 1, periods = 2, missing = "breaching"
        what       = "No gateway is well: nobody reaches VoteWave."
      }
      "errors" = {
        namespace  = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", dimensions = local.balancer, statistic = "Sum"
        comparison = "GreaterThanThreshold", threshold = 50, periods = 3, missing = "notBreaching"
        what       = "More than 50 answers a minute are errors."
      }
      "unreachable" = {
        namespace  = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer, statistic = "Sum"
        comparison = "GreaterThanThreshold", threshold = 20, periods = 3, missing = "notBreaching"
        what       = "The load balancer itself refuses: gateways don't answer."
      }
      "slow" = {
        namespace  = "AWS/ApplicationELB", metric = "TargetResponseTime", dimensions = local.gateway, statistic = "p99"
        comparison = "GreaterThanThreshold", threshold = 1, periods = 5, missing = "notBreaching"
        what       = "One request in a hundred takes longer than a second."
      }
      "keys-gone" = {
        namespace  = "AWS/ApplicationELB", metric = "HealthyHostCount", dimensions = local.nomad, statistic = "Maximum"
        comparison = "LessThanThreshold", threshold = 1, periods = 5, missing = "breaching"
        what       = "No server answers with Nomad's public keys: tasks that start get no rights in AWS."
      }
      "database-processor" = {
        namespace  = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database, statistic = "Average"
        comparison = "GreaterThanThreshold", threshold = 80, periods = 10, missing = "breaching"
        what       = "The database's processors are busy."
      }
      "database-storage" = {
        namespace  = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database, statistic = "Minimum"
        comparison = "LessThanThreshold", threshold = var.database_storage * 1073741824 / 10, periods = 1, missing = "breaching"
        what       = "The database's disk is nearly full."
      }
      "database-memory" = {
        namespace  = "AWS/RDS", metric = "FreeableMemory", dimensions = local.database, statistic = "Minimum"
        comparison = "LessThanThreshold", threshold = 268435456, periods = 5, missing = "breaching"
        what       = "The database has less than 256 MiB of memory left."
      }
      "database-connections" = {
        namespace  = "AWS/RDS", metric = "DatabaseConnections", dimensions = local.database, statistic = "Maximum"
        comparison = "GreaterThanThreshold", threshold = 400, periods = 5, missing = "breaching"
        what       = "More connections than all services together should hold."
      }
      "database-commits" = {
        namespace  = "AWS/RDS", metric = "WriteLatency", dimensions = local.database, statistic = "p99"
        comparison = "GreaterThanThreshold", threshold = 0.05, periods = 10, missing = "notBreaching"
        what       = "Writes take more than 50 ms: every vote waits for one."
      }
    },
    { for number in range(1, var.cache_nodes + 1) : format("cache-%03d-memory", number) => {
      namespace  = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", statistic = "Maximum"
      dimensions = { CacheClusterId = format("%s-%03d", var.cache_group, number) }
      comparison = "GreaterThanThreshold", threshold = 85, periods = 5, missing = "breaching"
      what       = "The cache is nearly full; streams are lost next."
    } },
    { for role, name in var.group_names : "machines-${role}" => {
      namespace  = "AWS/AutoScaling", metric = "GroupInServiceInstances", statistic = "Minimum"
      dimensions = { AutoScalingGroupName = name }
      comparison = "LessThanThreshold", threshold = var.least_machines[role], periods = 10, missing = "breaching"
      what       = "Fewer machines of the role ${role} than there must be."
    } },
    {
      "counters-wrong" = {
        namespace  = "VoteWave/${var.environment}", metric = "RecountMismatches", dimensions = {}, statistic = "Sum"
        comparison = "GreaterThanThreshold", threshold = 0, periods = 1, missing = "notBreaching"
        what       = "A recount differs from the counters: don't publish that result, keep the database for the inquiry."
      }
      "events-parked" = {
        namespace  = "VoteWave/${var.environment}", metric = "EventsParked", dimensions = {}, statistic = "Sum"
        comparison = "GreaterThanThreshold", threshold = 0, periods = 1, missing = "notBreaching"
        what       = "An event failed five times and waits for somebody."
      }
      "no-leader" = {
        namespace  = "VoteWave/${var.environment}", metric = "NoLeader", dimensions = {}, statistic = "Sum"
        comparison = "GreaterThanThreshold", threshold = 0, periods = 5, missing = "notBreaching"
        what       = "Consul or Nomad has had no leader for five minutes: nothing is found anew, deployed or replaced."
      }
      "machines-given-up" = {
        namespace  = "VoteWave/${var.environment}", metric = "MachinesGivenUp", dimensions = {}, statistic = "Sum", period = 3600
        comparison = "GreaterThanThreshold", threshold = 0, periods = 1, missing = "notBreaching"
        what       = "A new machine didn't come up and was replaced; the next one may not either."
      }
      # Each agent reports it once an hour; a longer period keeps the alarm from flapping.
      "certificates-end" = {
        namespace  = "VoteWave/${var.environment}", metric = "CertificatesEnd", dimensions = {}, statistic = "Sum", period = 21600
        comparison = "GreaterThanThreshold", threshold = 0, periods = 1, missing = "notBreaching"
        what       = "The cluster's certificates end within four weeks, or some machine hasn't taken the new ones: then Consul and Nomad don't speak to each other any more."
      }
    },
  )

  # Log lines that need attention. Services log JSON, one line per event; Consul and Nomad log plain text.
  counted = {
    RecountMismatches = { groups = ["tasks"], pattern = "{ $.event = \"recount_mismatch\" }" }
    EventsParked      = { groups = ["tasks"], pattern = "{ $.event = \"event_parked\" }" }
    NoLeader          = { groups = ["server"], pattern = "?\"No cluster leader\" ?\"no cluster leader\"" }
    # packer/first_boot/ready.py
    MachinesGivenUp = { groups = keys(var.group_names), pattern = "\"this machine is given up\"" }
    # Nomad doesn't log this; it uses the same certificate as Consul.
    CertificatesEnd = { groups = keys(var.group_names), pattern = "\"agent TLS certificate will expire soon\"" }
  }

  filters = merge([for metric, it in local.counted : {
    for group in it.groups : "${metric}-${group}" => { metric = metric, group = group, pattern = it.pattern }
  }]...)
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:For how long is a value (log_days, flow_log_days): logs hold addresses of people, so not for longer than needed.
  for_each = var.log_group_names

  name              = each.value
  retention_in_days = var.log_days
  kms_key_id        = var.log_key_arn
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.filters

  name           = "${var.prefix}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.this[each.value.group].name
  pattern        = each.value.pattern

  metric_transformation {
    namespace     = "VoteWave/${var.environment}"
    name          = each.value.metric
    value         = "1"
    default_value = "0"
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.prefix}-alarms"
  kms_master_key_id = var.log_key_arn
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = var.alarm_addresses

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${each.value.what} ${local.runbook}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = try(each.value.period, 60)
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

locals {
  charts = [
    { title = "Requests and errors", metrics = [
      ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.load_balancer_suffix, { stat = "Sum" }],
      ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.load_balancer_suffix, { stat = "Sum" }],
      ["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", "LoadBalancer", var.load_balancer_suffix, { stat = "Sum" }],
    ] },
    { title = "How long answers take (s)", metrics = [
      ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer_suffix, { stat = "p50" }],
      ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer_suffix, { stat = "p95" }],
      ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer_suffix, { stat = "p99" }],
    ] },
    { title = "Database: processors, connections", metrics = [
      ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", var.database_identifier],
      ["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", var.database_identifier],
    ] },
    { title = "Database: what a commit waits for (s)", metrics = [
      ["AWS/RDS", "WriteLatency", "DBInstanceIdentifier", var.database_identifier, { stat = "p99" }],
    ] },
    { title = "Cache", metrics = [
      ["AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "CacheClusterId", "${var.cache_group}-001"],
      ["AWS/ElastiCache", "EngineCPUUtilization", "CacheClusterId", "${var.cache_group}-001"],
    ] },
    { title = "Machines", metrics = [
      for role, name in var.group_names : ["AWS/AutoScaling", "GroupInServiceInstances", "AutoScalingGroupName", name]
    ] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.apart_prefix

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type = "alarm", x = 0, y = 0, width = 24, height = 3
        properties = {
          title  = "Alarms"
          alarms = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn]
        }
      }],
      [for index, chart in local.charts : {
        type   = "metric"
        x      = (index % 2) * 12
        y      = 3 + floor(index / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = chart.title
          region  = var.region
          period  = 60
          view    = "timeSeries"
          metrics = chart.metrics
        }
      }],
    )
  })
}

resource "aws_budgets_budget" "this" {
  name         = "${var.apart_prefix}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.alarm_addresses
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.alarm_addresses
  }
}
