# Valkey: rate limits, revocations, tickets, streams. All of it is bounded. A flush costs speed, never data. No backups: they would restore stale data.

resource "aws_elasticache_subnet_group" "this" {
  name       = var.prefix
  subnet_ids = var.subnet_ids
}

resource "aws_elasticache_parameter_group" "this" {
  name        = "${var.prefix}-valkey8-noeviction"
  family      = "valkey8"
  description = "VoteWave: nothing is evicted, since security rests on it"

  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# A password set here would be stored in Terraform's state. So the user is created disabled and without rights, and
# `./just infra cache-user` sets its password, from Secrets Manager, and its rights. Valkey's user groups require a
# password; the one here opens nothing, because the user is disabled, and it is replaced together with the rights.
resource "aws_elasticache_user" "services" {
  user_id       = "${var.prefix}-services"
  user_name     = var.cache.user
  engine        = "valkey"
  access_string = "off -@all"

  authentication_mode {
    type      = "password"
    passwords = ["switched-off-until-cache-user-gives-one"]
  }

  lifecycle {
    ignore_changes = [access_string, authentication_mode, passwords, no_password_required]
  }
}

resource "aws_elasticache_user_group" "this" {
  user_group_id = var.prefix
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.services.user_id]
}

resource "aws_cloudwatch_log_group" "cache" {
  #checkov:skip=CKV_AWS_338:For how long is a value (log_days, flow_log_days): logs hold addresses of people, so not for longer than needed.
  for_each = toset(["slow-log", "engine-log"])

  name              = "/aws/elasticache/${var.cache.group}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key_arn
}

resource "aws_elasticache_replication_group" "this" {
  #checkov:skip=CKV2_AWS_50:On as soon as there is more than one node; staging has one, for nothing in it is the only copy.
  replication_group_id = var.cache.group
  description          = "Cache, limits and streams"
  engine               = "valkey"
  engine_version       = "8.0"
  node_type            = var.cache.class
  num_cache_clusters   = var.cache.nodes
  port                 = var.port
  parameter_group_name = aws_elasticache_parameter_group.this.name

  automatic_failover_enabled = var.cache.nodes > 1
  multi_az_enabled           = var.cache.nodes > 1
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [var.security_group_id]

  at_rest_encryption_enabled = true
  kms_key_id                 = var.key_arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  user_group_ids             = [aws_elasticache_user_group.this.user_group_id]

  auto_minor_version_upgrade = true
  maintenance_window         = "sun:04:30-sun:05:30"

  dynamic "log_delivery_configuration" {
    for_each = aws_cloudwatch_log_group.cache

    content {
      destination      = log_delivery_configuration.value.name
      destination_type = "cloudwatch-logs"
      log_format       = "json"
      log_type         = log_delivery_configuration.key
    }
  }
}
