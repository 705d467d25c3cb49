# Each workflow has a role of its own, which GitHub's identity of that very job opens: this repository, and a branch or
# environment that only reviewed code reaches. No key of AWS lies at GitHub.

locals {
  github = "token.actions.githubusercontent.com"
  arn    = "arn:aws"
  here   = "${var.region}:${var.account}"

  # Who may open it.
  subjects = {
    "images"          = "repo:${var.github_repository}:ref:refs/heads/main"
    "machine-images"  = "repo:${var.github_repository}:ref:refs/heads/main"
    "terraform-plan"  = "repo:${var.github_repository}:pull_request"
    "terraform-apply" = "repo:${var.github_repository}:environment:${var.environment}"
    "deploy"          = "repo:${var.github_repository}:environment:${var.environment}"
  }

  github_statements = {
    "images" = [
      {
        Sid      = "SignInToTheRegistry"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*" # it knows no resources
      },
      {
        Sid    = "PushImages"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
          "ecr:DescribeImageScanFindings", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage",
          "ecr:UploadLayerPart",
        ]
        Resource = var.repository_arn
      },
    ]

    "machine-images" = [
      {
        Sid    = "See"
        Effect = "Allow"
        Action = [
          "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeRegions",
          "ec2:DescribeSecurityGroups", "ec2:DescribeSnapshots", "ec2:DescribeSubnets", "ec2:DescribeVolumes", "ec2:DescribeVpcs",
        ]
        Resource = "*" # reads; these know no single resources
      },
      {
        Sid    = "BuildOnAMachineOfItsOwn"
        Effect = "Allow"
        Action = "ec2:RunInstances"
        Resource = concat(
          [
            "${local.arn}:ec2:${local.here}:instance/*", "${local.arn}:ec2:${local.here}:volume/*",
            "${local.arn}:ec2:${local.here}:network-interface/*", "${local.arn}:ec2:${local.here}:key-pair/packer_*",
            "${local.arn}:ec2:${local.here}:security-group/*", "${local.arn}:ec2:${var.region}::image/*",
          ],
          var.machine_build_subnet_arns,
        )
      },
      {
        Sid    = "TagAndLabelWhatItMakes"
        Effect = "Allow"
        Action = ["ec2:CreateTags", "ec2:CreateImage", "ec2:CreateSecurityGroup", "ec2:CreateKeyPair", "ec2:CreateSnapshot", "ec2:RegisterImage"]
        Resource = [
          "${local.arn}:ec2:${local.here}:instance/*", "${local.arn}:ec2:${local.here}:volume/*",
          "${local.arn}:ec2:${local.here}:network-interface/*", "${local.arn}:ec2:${local.here}:security-group/*",
          "${local.arn}:ec2:${local.here}:key-pair/packer_*", "${local.arn}:ec2:${local.here}:vpc/*",
          "${local.arn}:ec2:${var.region}::image/*", "${local.arn}:ec2:${var.region}::snapshot/*",
        ]
      },
      {
        Sid    = "EndWhatItMade"
        Effect = "Allow"
        Action = [
          "ec2:TerminateInstances", "ec2:StopInstances", "ec2:ModifyInstanceAttribute", "ec2:DeleteSecurityGroup",
          "ec2:DeleteKeyPair", "ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteVolume", "ec2:DeleteSnapshot", "ec2:DeregisterImage", "ec2:ModifyImageAttribute",
        ]
        Resource = [
          "${local.arn}:ec2:${local.here}:instance/*", "${local.arn}:ec2:${local.here}:volume/*",
          "${local.arn}:ec2:${local.here}:security-group/*", "${local.arn}:ec2:${local.here}:key-pair/packer_*",
          "${local.arn}:ec2:${var.region}::image/*", "${local.arn}:ec2:${var.region}::snapshot/*",
        ]
        Condition = { StringEquals = { "aws:ResourceTag/votewave-build" = "machine-image" } }
      },
      {
        Sid      = "ReachItBySessionManager"
        Effect   = "Allow"
        Action   = ["ssm:StartSession", "ssm:TerminateSession"]
        Resource = ["${local.arn}:ec2:${local.here}:instance/*", "${local.arn}:ssm:${var.region}::document/AWS-StartPortForwardingSession", "${local.arn}:ssm:${local.here}:session/*"]
        Condition = {
          StringEqualsIfExists = { "ssm:resourceTag/votewave-build" = "machine-image" }
        }
      },
      {
        Sid      = "LendItsRole"
        Effect   = "Allow"
        Action   = "iam:PassRole"
        Resource = aws_iam_role.build.arn
      },
      {
        Sid      = "NameTheNewestImage"
        Effect   = "Allow"
        Action   = ["ssm:PutParameter", "ssm:GetParameter"]
        Resource = var.machine_image_parameter_arns
      },
      {
        Sid      = "EncryptImages"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant"]
        Resource = var.key_arn
      },
    ]

    # A plan of a pull request reads the state and what is public in the account, no secret and no file; so it is made
    # without refreshing (the provider would read each secret) and without a lock.
    "terraform-plan" = [
      {
        Sid      = "ReadTheState"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:ListBucket"]
        Resource = [var.state_bucket_arn, "${var.state_bucket_arn}/${var.environment}/*"]
      },
      {
        Sid      = "DecryptTheState"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.key_arn
      },
      {
        Sid      = "MakeUpSecrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetRandomPassword"
        Resource = "*" # it knows no resources
      },
      {
        Sid      = "ReadNoSecretAndNoFile"
        Effect   = "Deny"
        Action   = ["secretsmanager:GetSecretValue", "s3:GetObject"]
        Resource = ["${local.arn}:secretsmanager:*:${var.account}:secret:*", "${var.bucket_arns["files"]}/*", "${var.bucket_arns["reports"]}/*"]
      },
    ]

    # A deployment speaks to Nomad through a server, by Session Manager; Nomad itself checks GitHub's identity.
    "deploy" = [
      {
        Sid      = "ReachNomad"
        Effect   = "Allow"
        Action   = "ssm:StartSession"
        Resource = "${local.arn}:ec2:${local.here}:instance/*"
        Condition = {
          StringEquals = { "ssm:resourceTag/${var.server_tag.key}" = var.server_tag.value }
        }
      },
      {
        Sid      = "ByAPortAlone"
        Effect   = "Allow"
        Action   = "ssm:StartSession"
        Resource = "${local.arn}:ssm:${var.region}::document/AWS-StartPortForwardingSession"
      },
      {
        Sid      = "EndItsSessions"
        Effect   = "Allow"
        Action   = "ssm:TerminateSession"
        Resource = "${local.arn}:ssm:${local.here}:session/$${aws:userid}-*"
      },
      {
        Sid      = "FindAServer"
        Effect   = "Allow"
        Action   = "ec2:DescribeInstances"
        Resource = "*" # reads; it knows no single resources
      },
      {
        Sid      = "KnowWhatIsWhere"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = var.nomad_values_parameter_arn
      },
      {
        Sid      = "SeeThatTheImageIsThere"
        Effect   = "Allow"
        Action   = ["ecr:DescribeImages", "ecr:DescribeImageScanFindings", "ecr:BatchGetImage"]
        Resource = var.repository_arn
      },
    ]
  }
}

# The machine on which an image is built is reached by Session Manager, and may do nothing else.
resource "aws_iam_role" "build" {
  name        = "${var.prefix}-machine-build"
  description = "What a machine may on which an image is built: be reached"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "build" {
  #checkov:skip=CKV_AWS_355:Session Manager's actions know no resources; each speaks of the calling machine alone.
  #checkov:skip=CKV_AWS_290:Likewise.
  name = "be-reached"
  role = aws_iam_role.build.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
      ]
      Resource = "*" # they know no resources: each speaks of the calling machine alone
    }]
  })
}

resource "aws_iam_instance_profile" "build" {
  name = aws_iam_role.build.name
  role = aws_iam_role.build.name
}

resource "aws_iam_role" "github" {
  #checkov:skip=CKV_AWS_393:The subjects are in local.subjects, each with repository and branch, environment or event; a test reads them in the plan.
  for_each = local.subjects

  name                 = var.github_role_names[each.key]
  description          = "What the workflow ${each.key} may"
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = var.github_provider_arn }
      Condition = {
        StringEquals = {
          "${local.github}:aud" = "sts.amazonaws.com"
          "${local.github}:sub" = each.value
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "github" {
  for_each = local.github_statements

  name   = "workflow"
  role   = aws_iam_role.github[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.github["terraform-plan"].name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
