# Users' files, reports and access logs. No bucket is public; files are served by presigned URLs.

locals {
  # Load balancers can write only into buckets that S3 itself encrypts (no key of ours), so logs have AES256.
  kinds = {
    files   = { key = var.key_arn, keep_versions = 30, expire = null }
    reports = { key = var.key_arn, keep_versions = 30, expire = null }
    logs    = { key = null, keep_versions = 7, expire = 180 }
  }
}

data "aws_caller_identity" "this" {}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV2_AWS_62:Nobody waits for events of these buckets.
  #checkov:skip=CKV_AWS_144:The dr module copies files and reports to the second region where there is one, where these are the copies; logs stay.
  #checkov:skip=CKV_AWS_145:Load balancers can't write into a bucket with a key of ours; only `logs` has AES256, the others have the key.
  #checkov:skip=CKV_AWS_18:files and reports log into `logs`; a log of the logs would log itself.
  for_each = local.kinds

  bucket = var.buckets[each.key]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.kinds

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.kinds

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.kinds

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.kinds

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = each.value.key != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = each.value.key == null ? "AES256" : "aws:kms"
      kms_master_key_id = each.value.key
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.kinds

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "old"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = each.value.keep_versions
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }

    dynamic "expiration" {
      for_each = each.value.expire == null ? [] : [each.value.expire]

      content {
        days = expiration.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_logging" "this" {
  for_each = { for kind, it in local.kinds : kind => it if kind != "logs" }

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["logs"].id
  target_prefix = "s3/${each.key}/"
}

resource "aws_s3_bucket_cors_configuration" "files" {
  bucket = aws_s3_bucket.this["files"].id

  cors_rule {
    allowed_methods = ["GET", "POST"]
    allowed_origins = var.allowed_origins
    allowed_headers = ["content-type"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.kinds

  bucket = aws_s3_bucket.this[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OnlyEncryptedConnections"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [for statement in [
        {
          Sid       = "LoadBalancersWriteTheirLogs"
          Effect    = "Allow"
          Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource = [
            for prefix in ["alb", "alb-connections"] :
            "${aws_s3_bucket.this["logs"].arn}/${prefix}/AWSLogs/${data.aws_caller_identity.this.account_id}/*"
          ]
          Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
        },
        {
          Sid       = "S3WritesItsLogs"
          Effect    = "Allow"
          Principal = { Service = "logging.s3.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "${aws_s3_bucket.this["logs"].arn}/s3/*"
          Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
        },
      ] : statement if each.key == "logs"],
    )
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
