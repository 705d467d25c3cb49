# The second region, waiting: network, a copy of the database, of files and of secrets. Machines are not there until they are
# needed (docs/infrastructure.md tells how they come); what takes long to copy is there already.

locals {
  prefix = "${var.prefix}-second"
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

resource "aws_db_parameter_group" "this" {
  provider = aws.second

  name_prefix = "${local.prefix}-"
  family      = var.parameter_group_family
  description = "As in the first region"

  dynamic "parameter" {
    for_each = {
      "rds.force_ssl"                     = "1"
      "synchronous_commit"                = "on"
      "log_parameter_max_length"          = "0"
      "log_parameter_max_length_on_error" = "0"
    }

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:A copy that waits; it gets a standby of its own when it is promoted.
  #checkov:skip=CKV2_AWS_69:The parameter group sets rds.force_ssl in a dynamic block, which checkov doesn't unfold; a test reads it in the plan.
  provider = aws.second

  identifier          = var.database.server
  replicate_source_db = var.database_arn
  instance_class      = var.database.class
  storage_type        = "gp3"

  storage_encrypted                   = true
  kms_key_id                          = var.key_arn
  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  parameter_group_name                = aws_db_parameter_group.this.name
  publicly_accessible                 = false
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"
  iam_database_authentication_enabled = true
  multi_az                            = false

  # A copy that is promoted goes on with backups of its own.
  backup_retention_period         = 7
  copy_tags_to_snapshot           = true
  deletion_protection             = true
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${var.database.server}-final"
  auto_minor_version_upgrade      = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.key_arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  monitoring_interval             = 60
  monitoring_role_arn             = var.monitoring_role_arn

  lifecycle {
    prevent_destroy = true
  }
}

# A copy that has fallen behind, or stands still, is no copy. Alarms speak only to topics of their own region.
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

resource "aws_s3_bucket" "copy" {
  #checkov:skip=CKV2_AWS_62:Nobody waits for events of these buckets.
  #checkov:skip=CKV_AWS_144:These are the copies.
  #checkov:skip=CKV_AWS_18:Logs must lie in the same region, and nobody but S3 itself comes here until the first region is lost.
  provider = aws.second
  for_each = var.first_bucket_names

  bucket = "${local.prefix}-${each.key}-${var.account}"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "copy" {
  provider = aws.second
  for_each = aws_s3_bucket.copy

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "copy" {
  provider = aws.second
  for_each = aws_s3_bucket.copy

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "copy" {
  provider = aws.second
  for_each = aws_s3_bucket.copy

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "copy" {
  provider = aws.second
  for_each = aws_s3_bucket.copy

  bucket = each.value.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "copy" {
  provider = aws.second
  for_each = aws_s3_bucket.copy

  bucket = each.value.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  depends_on = [aws_s3_bucket_versioning.copy]
}

resource "aws_s3_bucket_policy" "copy" {
  provider = aws.second
  for_each = aws_s3_bucket.copy

  bucket = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [each.value.arn, "${each.value.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.copy]
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
        Resource = [for bucket in aws_s3_bucket.copy : "${bucket.arn}/*"]
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
    id       = "second-region"
    status   = "Enabled"
    priority = 1

    filter {}

    # What a person deletes is deleted there, too.
    delete_marker_replication {
      status = "Enabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket        = aws_s3_bucket.copy[each.key].arn
      storage_class = "STANDARD_IA"

      encryption_configuration {
        replica_kms_key_id = var.key_arn
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.copy]
}

resource "aws_route53_record" "second" {
  count = var.second_load_balancer == null ? 0 : 1

  zone_id        = var.zone_id
  name           = var.domain
  type           = "A"
  set_identifier = "second"

  failover_routing_policy {
    type = "SECONDARY"
  }

  alias {
    name                   = var.second_load_balancer.dns_name
    zone_id                = var.second_load_balancer.zone_id
    evaluate_target_health = true
  }
}
