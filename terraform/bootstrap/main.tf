# What must be there before anything else, made once in each account by a person: the bucket of Terraform's state, the
# keys, and GitHub as an identity provider. What workflows apply can't change any of it.

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { Project = "votewave", Environment = var.environment }
  }
}

provider "aws" {
  alias               = "second"
  region              = var.second_region == "" ? var.region : var.second_region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { Project = "votewave", Environment = var.environment }
  }
}

module "naming" {
  source = "../modules/naming"

  environment = var.environment
  account     = var.account
  domain      = var.domain
}

# Auto Scaling starts machines as this role of its own, which must be there before a key's policy names it. An account in
# which somebody has made an Auto Scaling group before has it already: docs/infrastructure.md tells how it is taken over.
resource "aws_iam_service_linked_role" "autoscaling" {
  aws_service_name = "autoscaling.amazonaws.com"
}

locals {
  keys = {
    data = { what = "Data, secrets, disks, images, the state", services = [], disks = true }
    logs = { what = "Logs, and messages of alarms", services = ["logs", "cloudwatch", "budgets"], disks = false }
  }

  regions = merge({ first = var.region }, var.second_region == "" ? {} : { second = var.second_region })

  policies = {
    for place in setproduct(keys(local.regions), keys(local.keys)) : "${place[0]}-${place[1]}" => jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [{
          # The account's own policies decide. In a key's policy "*" is this key and no other.
          Sid       = "TheAccountDecides"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::${var.account}:root" }
          Action    = "kms:*"
          Resource  = "*"
        }],
        # A role of a service has no policy of the account's, so this one has to name it: without, no machine starts.
        [for statement in [
          {
            Sid       = "StartMachinesFromEncryptedDisks"
            Effect    = "Allow"
            Principal = { AWS = aws_iam_service_linked_role.autoscaling.arn }
            Action = [
              "kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey",
              "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey",
            ]
            Resource = "*"
          },
          {
            Sid       = "LendTheKeyToDisks"
            Effect    = "Allow"
            Principal = { AWS = aws_iam_service_linked_role.autoscaling.arn }
            Action    = "kms:CreateGrant"
            Resource  = "*"
            Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
          },
        ] : statement if local.keys[place[1]].disks],
        [for service in local.keys[place[1]].services : {
          Sid       = "Use${title(service)}"
          Effect    = "Allow"
          Principal = { Service = service == "logs" ? "logs.${local.regions[place[0]]}.amazonaws.com" : "${service}.amazonaws.com" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
          Resource  = "*"
          # CloudWatch Logs says for which group of this account; the others say for which account.
          Condition = { for operator, wanted in {
            ArnLike      = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${local.regions[place[0]]}:${var.account}:log-group:*" }
            StringEquals = { "aws:SourceAccount" = var.account }
          } : operator => wanted if(operator == "ArnLike") == (service == "logs") }
        }],
      )
    })
  }
}

resource "aws_kms_key" "first" {
  for_each = local.keys

  description             = "VoteWave ${var.environment}: ${each.value.what}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.policies["first-${each.key}"]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "first" {
  for_each = local.keys

  name          = module.naming.key_aliases[each.key]
  target_key_id = aws_kms_key.first[each.key].key_id
}

resource "aws_kms_key" "second" {
  provider = aws.second
  for_each = var.second_region == "" ? {} : local.keys

  description             = "VoteWave ${var.environment}, second region: ${each.value.what}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.policies["second-${each.key}"]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "second" {
  provider = aws.second
  for_each = aws_kms_key.second

  name          = module.naming.key_aliases[each.key]
  target_key_id = each.value.key_id
}

resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV2_AWS_62:Nobody waits for events of the state.
  #checkov:skip=CKV_AWS_144:The state describes what is in this region; the second one is in it, too, and can be imported anew.
  #checkov:skip=CKV_AWS_18:The log bucket comes later, from what this holds the state of; versions tell every change.
  bucket = module.naming.buckets["state"]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.first["data"].arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days           = 365
      newer_noncurrent_versions = 50
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  depends_on = [aws_s3_bucket_versioning.state]
}

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyEncryptedConnections"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.state.arn, "${aws_s3_bucket.state.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        # Terraform asks for S3's own key unless the backend is told ours (kms_key_id in backend.hcl).
        Sid       = "OnlyWithOurKey"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.state.arn}/*"
        Condition = { StringEquals = { "s3:x-amz-server-side-encryption" = "AES256" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.state]
}

# AWS trusts GitHub's certificate through its own store, so there is no thumbprint to keep.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

# Workflows make roles, and could make one that may more than they: so each role has this boundary, or can't be made. It
# gives nothing by itself; it leaves out whatever gives rights, the keys' own settings, and the state.
resource "aws_iam_policy" "boundary" {
  #checkov:skip=CKV_AWS_62:It bounds what roles are given and gives nothing itself.
  #checkov:skip=CKV_AWS_63:Likewise.
  #checkov:skip=CKV_AWS_286:Likewise.
  #checkov:skip=CKV_AWS_287:Likewise.
  #checkov:skip=CKV_AWS_288:Likewise.
  #checkov:skip=CKV_AWS_289:Likewise.
  #checkov:skip=CKV_AWS_290:Likewise.
  #checkov:skip=CKV_AWS_355:Likewise.
  #checkov:skip=CKV2_AWS_40:Likewise.
  name        = module.naming.boundary
  description = "What no role of VoteWave goes beyond, whatever else it is given"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Work"
        Effect    = "Allow"
        NotAction = ["account:*", "iam:*", "kms:*", "organizations:*", "sts:*"]
        Resource  = "*"
      },
      {
        Sid      = "LookAtRolesAndLendThem"
        Effect   = "Allow"
        Action   = ["iam:Get*", "iam:List*", "iam:PassRole"]
        Resource = "*"
      },
      {
        Sid    = "UseKeys"
        Effect = "Allow"
        Action = [
          "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey",
          "kms:GenerateDataKeyWithoutPlaintext", "kms:ListAliases", "kms:ReEncryptFrom", "kms:ReEncryptTo",
        ]
        Resource = "*"
      },
      {
        Sid      = "LeaveTheStateAlone"
        Effect   = "Deny"
        Action   = ["s3:Delete*", "s3:Put*"]
        Resource = [aws_s3_bucket.state.arn, "${aws_s3_bucket.state.arn}/*"]
      },
    ]
  })
}

# No disk of this account without encryption, and nothing in it public, whatever else anybody makes.
resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
