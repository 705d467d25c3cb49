# The second region on standby: network, certificate, and copies of the database, files and images, because those take
# long to copy. The module takeover adds machines when they are needed.

module "naming" {
  source = "../naming"

  environment = var.environment
  account     = var.account
  domain      = var.domain
  second      = true
}

locals {
  prefix = module.naming.apart_prefix
  server = module.naming.database.server

  # As S3's metrics name what is copied.
  copies = { for kind, bucket in var.first_bucket_names : kind => {
    SourceBucket      = bucket
    DestinationBucket = module.buckets.versioned_bucket_names[kind]
    RuleId            = "second-region"
  } }
}

module "network" {
  source = "../network"

  providers = { aws = aws.second }

  prefix = local.prefix
  cidr   = var.cidr
  zones  = var.zones
  nat    = "none"

  boundary_arn = var.boundary_arn

  endpoints   = []
  region      = var.region
  log_key_arn = var.log_key_arn
}

resource "aws_db_subnet_group" "this" {
  provider = aws.second

  name       = local.prefix
  subnet_ids = module.network.data_subnet_ids
}

resource "aws_security_group" "database" {
  provider = aws.second

  name        = "${local.prefix}-database"
  description = "The waiting copy of Postgres; lets nobody in until machines are there"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.prefix}-database" }
}

module "parameters" {
  source = "../parameters"

  providers = { aws = aws.second }

  prefix = local.prefix
}

# As in the first region: RDS would create them itself, with a key of AWS's and without an expiry.
resource "aws_cloudwatch_log_group" "database" {
  #checkov:skip=CKV_AWS_338:For how long is a value (log_days, flow_log_days): logs hold addresses of people, so not for longer than needed.
  provider = aws.second
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${local.server}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key_arn
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:A copy that waits; it gets a standby of its own when it is promoted.
  #checkov:skip=CKV2_AWS_69:The parameter group sets rds.force_ssl in a dynamic block, which checkov doesn't unfold; a test reads it in the plan.
  provider = aws.second

  identifier            = local.server
  replicate_source_db   = var.database_arn
  instance_class        = var.database.class
  storage_type          = "gp3"
  max_allocated_storage = var.database.greatest_storage

  storage_encrypted                   = true
  kms_key_id                          = var.key_arn
  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  parameter_group_name                = module.parameters.name
  publicly_accessible                 = false
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"
  iam_database_authentication_enabled = true
  multi_az                            = false

  # Backups for the time after the copy is promoted.
  backup_retention_period         = 7
  copy_tags_to_snapshot           = true
  deletion_protection             = true
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${local.server}-final"
  auto_minor_version_upgrade      = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.key_arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  monitoring_interval             = 60
  monitoring_role_arn             = var.monitoring_role_arn

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [aws_cloudwatch_log_group.database]
}

# A replica that lags or has stopped must raise an alarm. Alarms can notify only topics in their own region.
resource "aws_sns_topic" "alarms" {
  provider = aws.second

  name              = "${local.prefix}-alarms"
  kms_master_key_id = var.log_key_arn
}

resource "aws_sns_topic_subscription" "alarms" {
  provider = aws.second
  for_each = var.alarm_addresses

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "behind" {
  provider = aws.second

  alarm_name          = "${local.prefix}-database-behind"
  alarm_description   = "The database's copy is more than a minute behind, or silent: what is acknowledged now would be lost with the first region. docs/operations/disaster.md"
  namespace           = "AWS/RDS"
  metric_name         = "ReplicaLag"
  dimensions          = { DBInstanceIdentifier = aws_db_instance.this.identifier }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60 # seconds
  period              = 60
  evaluation_periods  = 10
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# As in the first region, with one for logs: load balancers write only into buckets of their own region.
module "buckets" {
  source = "../buckets"

  providers = { aws = aws.second }

  key_arn         = var.key_arn
  buckets         = module.naming.buckets
  allowed_origins = ["https://${var.domain}"]
}

resource "aws_iam_role" "copy" {
  name        = "${local.prefix}-copy"
  description = "Copies objects into the second region"

  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "s3.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "copy" {
  name = "copy"
  role = aws_iam_role.copy.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "SeeWhatThereIs"
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = [for name in values(var.first_bucket_names) : "arn:aws:s3:::${name}"]
      },
      {
        Sid      = "ReadIt"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
        Resource = [for name in values(var.first_bucket_names) : "arn:aws:s3:::${name}/*"]
      },
      {
        Sid      = "WriteTheCopy"
        Effect   = "Allow"
        Action   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
        Resource = [for kind in keys(var.first_bucket_names) : "${module.buckets.bucket_arns[kind]}/*"]
      },
      {
        Sid      = "Decrypt"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.first_key_arn
      },
      {
        Sid      = "EncryptAgain"
        Effect   = "Allow"
        Action   = ["kms:Encrypt", "kms:GenerateDataKey"]
        Resource = var.key_arn
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "this" {
  for_each = var.first_bucket_names

  bucket = each.value
  role   = aws_iam_role.copy.arn

  rule {
    id       = local.copies[each.key].RuleId
    status   = "Enabled"
    priority = 1

    filter {}

    # Deletions are replicated, too.
    delete_marker_replication {
      status = "Enabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket        = "arn:aws:s3:::${local.copies[each.key].DestinationBucket}"
      storage_class = "STANDARD_IA"

      metrics {
        status = "Enabled"
      }

      encryption_configuration {
        replica_kms_key_id = var.key_arn
      }
    }
  }
}

# S3 reports failed replication in the source bucket's region and replication lag in the copy's, and reports nothing while
# there is nothing to copy.
resource "aws_cloudwatch_metric_alarm" "not_copied" {
  for_each = local.copies

  alarm_name          = "${local.prefix}-${each.key}-not-copied"
  alarm_description   = "S3 gave up copying something of ${each.key}, and won't try again: it would be lost with the first region. docs/operations/disaster.md"
  namespace           = "AWS/S3"
  metric_name         = "OperationsFailedReplication"
  dimensions          = each.value
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.first_alarm_topic_arn]
  ok_actions          = [var.first_alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "late" {
  provider = aws.second
  for_each = local.copies

  alarm_name          = "${local.prefix}-${each.key}-late"
  alarm_description   = "Something of ${each.key} has waited for more than an hour to be copied: it would be lost with the first region. docs/operations/disaster.md"
  namespace           = "AWS/S3"
  metric_name         = "ReplicationLatency"
  dimensions          = each.value
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 3600 # seconds; S3 takes minutes for most, and promises nothing
  period              = 60
  evaluation_periods  = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# Images go over as they are pushed; the repository is there before, for one that ECR made for them would take any tag anew
# and have AWS's own key.
module "registry" {
  source = "../registry"

  providers = { aws = aws.second }

  repository    = var.repository
  mirror_prefix = var.mirror_prefix
  key_arn       = var.key_arn
}

resource "aws_ecr_replication_configuration" "this" {
  replication_configuration {
    rule {
      destination {
        region      = var.region
        registry_id = var.account
      }

      repository_filter {
        filter      = module.registry.repository_name
        filter_type = "PREFIX_MATCH"
      }
    }
  }
}

# AWS asks for the same records in all regions, so this one stays valid by those of the first region's certificate.
resource "aws_acm_certificate" "this" {
  provider = aws.second

  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_acm_certificate_validation" "this" {
  provider = aws.second

  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = var.validation_names
}
