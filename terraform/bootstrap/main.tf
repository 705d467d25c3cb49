# The prerequisites, created by hand once in each account: the bucket of Terraform's state, the keys, and GitHub as an
# identity provider. Workflows can't change any of it.

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

# Auto Scaling starts machines with this service-linked role, which must exist before a key's policy names it. An account
# that has had an Auto Scaling group has it already: docs/infrastructure.md says how to import it.
resource "aws_iam_service_linked_role" "autoscaling" {
  aws_service_name = "autoscaling.amazonaws.com"
}

# So does what copies images into the second region.
resource "aws_iam_service_linked_role" "registry" {
  count = var.second_region == "" ? 0 : 1

  aws_service_name = "replication.ecr.amazonaws.com"
}

locals {
  keys = {
    data = { what = "Data, secrets, disks, images, the state", services = [], disks = true }
    logs = { what = "Logs, and messages of alarms", services = ["logs", "cloudwatch", "budgets"], disks = false }
  }

  states  = concat([module.state.arn], module.second_state[*].arn)
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

module "state" {
  source = "../modules/state"

  bucket  = module.naming.buckets["state"]
  key_arn = aws_kms_key.first["data"].arn
}

# The failover configuration keeps its state in the second region: when it is needed, the first one can't be reached.
module "second_naming" {
  source = "../modules/naming"

  environment = var.environment
  account     = var.account
  domain      = var.domain
  second      = true
}

module "second_state" {
  source = "../modules/state"
  count  = var.second_region == "" ? 0 : 1

  providers = { aws = aws.second }

  bucket  = module.second_naming.buckets["state"]
  key_arn = aws_kms_key.second["data"].arn
}

# AWS trusts GitHub's certificate through its own store, so there is no thumbprint to keep.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

# Workflows create roles, and could create one with more rights than their own: so they can create only roles with this
# permissions boundary. It grants nothing by itself, and excludes granting rights, key settings and the state.
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
        Resource = flatten([for arn in local.states : [arn, "${arn}/*"]])
      },
    ]
  })
}

# In the whole account every disk is encrypted and nothing is public, whoever creates it.
resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
