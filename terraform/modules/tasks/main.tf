# Each task assumes a role of its own with the workload identity that Nomad signs: no keys, no shared role.

locals {
  issuer_name = trimprefix(var.issuer, "https://")

  read_secrets = { for task, arns in var.secret_arns : task => [
    {
      Sid      = "ReadItsOwnSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource = concat(arns, task == "migrate" ? [var.master_secret_arn] : [])
    },
    {
      Sid       = "DecryptThem"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = var.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
    },
  ] if contains(keys(var.tasks), task) }

  files = { for service in var.services : service => [
    {
      Sid      = "KeepItsFiles"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      Resource = "${var.bucket_arns["files"]}/${service}/*"
    },
    {
      # Without the right to list, S3 answers 403 instead of 404 for a missing file.
      Sid       = "KnowWhatIsNotThere"
      Effect    = "Allow"
      Action    = "s3:ListBucket"
      Resource  = var.bucket_arns["files"]
      Condition = { StringLike = { "s3:prefix" = "${service}/*" } }
    },
    {
      Sid       = "EncryptThem"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
    },
  ] }

  mail = { for service in var.mail_senders : service => [{
    Sid       = "SendMail"
    Effect    = "Allow"
    Action    = ["ses:SendEmail", "ses:SendRawEmail"]
    Resource  = "arn:aws:ses:${var.region}:${var.account}:identity/${var.mail_domain}"
    Condition = { StringLike = { "ses:FromAddress" = "*@${var.mail_domain}" } }
  }] }

  others = {
    reports = [
      {
        Sid      = "WriteReports"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${var.bucket_arns["reports"]}/reports/*"
      },
      {
        Sid       = "EncryptThem"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      },
    ]
    loadtest = [{
      Sid      = "KeepWhatWasMeasured"
      Effect   = "Allow"
      Action   = "s3:PutObject"
      Resource = "${var.bucket_arns["reports"]}/loadtests/*"
      }, {
      Sid      = "ContinueTheHistory"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "${var.bucket_arns["reports"]}/loadtests/load/history/*"
      }, {
      # Without it S3 says of what isn't there yet that it may not be read.
      Sid       = "SeeWhetherThereIsOne"
      Effect    = "Allow"
      Action    = "s3:ListBucket"
      Resource  = var.bucket_arns["reports"]
      Condition = { StringLike = { "s3:prefix" = "loadtests/load/history/*" } }
      }, {
      Sid       = "EncryptIt"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
    }]
  }

  statements = {
    for task in keys(var.tasks) : task => concat(
      lookup(local.read_secrets, task, []), lookup(local.files, task, []), lookup(local.mail, task, []), lookup(local.others, task, []),
    )
  }
}

# Without a thumbprint IAM would fetch the issuer's certificate at once, and the load balancer doesn't exist yet when the
# roles are made. IAM verifies the issuer by its own store of CAs, which includes this one, and ignores the thumbprint.
resource "aws_iam_openid_connect_provider" "nomad" {
  url             = var.issuer
  client_id_list  = [var.audience]
  thumbprint_list = ["8da7f965ec5efc37910f1c6e59fdc1cc6a6ede16"] # Amazon Root CA 1, of which ACM's certificates are
}

resource "aws_iam_role" "task" {
  for_each = var.tasks

  name                 = each.value.role
  description          = "What the task ${each.key} may"
  max_session_duration = 3600
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = aws_iam_openid_connect_provider.nomad.arn }
      Condition = {
        StringEquals = {
          "${local.issuer_name}:aud" = var.audience
          "${local.issuer_name}:sub" = each.value.subject
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "task" {
  for_each = { for task, statements in local.statements : task => statements if length(statements) > 0 }

  name   = "task"
  role   = aws_iam_role.task[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
