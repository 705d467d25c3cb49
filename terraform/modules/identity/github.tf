# Each workflow has a role of its own, which it assumes with its job's OIDC token: of this repository, and of a branch or
# environment that only reviewed code reaches. GitHub stores no AWS key. A token can assume every role that trusts its
# subject, so roles that need different approvals have different subjects. Subjects name the repository with its ids
# (`repo:OWNER@ID/NAME@ID:…`): whoever takes a name that has become free doesn't take the roles with it.

locals {
  github = "token.actions.githubusercontent.com"

  # The subjects that may assume each role. The first two build from reviewed code and don't decide what runs.
  subjects = {
    "images"          = "repo:${var.github_repository}:ref:refs/heads/main"
    "machine-images"  = "repo:${var.github_repository}:ref:refs/heads/main"
    "terraform-plan"  = "repo:${var.github_repository}:pull_request"
    "terraform-apply" = "repo:${var.github_repository}:environment:${var.environment}-infrastructure"
    "deploy"          = "repo:${var.github_repository}:environment:${var.environment}"
  }

  # A build of machine images tags what it creates with this, and can't touch anything without the tag.
  built      = { "aws:ResourceTag/votewave-build" = "machine-image" }
  to_be_made = { "aws:RequestTag/votewave-build" = "machine-image" }

  # A session without a document is a shell on the machine, unless each statement that allows sessions has this condition.
  named_document = { "ssm:SessionDocumentAccessCheck" = "true" }
  by_a_port_alone = {
    Sid       = "ByAPortAlone"
    Effect    = "Allow"
    Action    = "ssm:StartSession"
    Resource  = "${local.arn}:ssm:${var.region}::document/AWS-StartPortForwardingSession"
    Condition = { BoolIfExists = local.named_document }
  }
  its_own_sessions = {
    Sid      = "ItsOwnSessions"
    Effect   = "Allow"
    Action   = ["ssm:TerminateSession", "ssmmessages:OpenDataChannel"]
    Resource = "${local.arn}:ssm:${local.here}:session/$${aws:userid}-*"
  }
  lend_keys_to_services = {
    Sid       = "LendKeysToServices"
    Effect    = "Allow"
    Action    = "kms:CreateGrant"
    Resource  = local.all_keys
    Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
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
          "ecr:DescribeImageScanFindings", "ecr:DescribeRepositories", "ecr:GetDownloadUrlForLayer",
          "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
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
        Sid       = "BuildOnAMachineOfItsOwn"
        Effect    = "Allow"
        Action    = "ec2:RunInstances"
        Resource  = [for kind in ["instance", "volume", "network-interface"] : "${local.arn}:ec2:${local.here}:${kind}/*"]
        Condition = { StringEquals = local.to_be_made }
      },
      {
        Sid    = "OfWhatIsThere"
        Effect = "Allow"
        Action = "ec2:RunInstances"
        Resource = concat(
          ["${local.arn}:ec2:${local.here}:key-pair/packer_*", "${local.arn}:ec2:${local.here}:security-group/*", "${local.arn}:ec2:${var.region}::image/*"],
          var.machine_build_subnet_arns,
        )
      },
      {
        Sid    = "MakeWhatItIsReachedBy"
        Effect = "Allow"
        Action = ["ec2:CreateSecurityGroup", "ec2:CreateKeyPair"]
        Resource = [
          "${local.arn}:ec2:${local.here}:security-group/*", "${local.arn}:ec2:${local.here}:vpc/*", "${local.arn}:ec2:${local.here}:key-pair/packer_*",
        ]
      },
      {
        Sid      = "MakeAnImage"
        Effect   = "Allow"
        Action   = "ec2:CreateImage"
        Resource = ["${local.arn}:ec2:${var.region}::image/*", "${local.arn}:ec2:${var.region}::snapshot/*"]
      },
      {
        # The tag grants access to a resource, so it may be set only while the resource is created.
        Sid    = "LabelWhatItMakes"
        Effect = "Allow"
        Action = "ec2:CreateTags"
        Resource = concat(
          [for kind in ["instance", "volume", "network-interface", "security-group", "key-pair"] : "${local.arn}:ec2:${local.here}:${kind}/*"],
          ["${local.arn}:ec2:${var.region}::image/*", "${local.arn}:ec2:${var.region}::snapshot/*"],
        )
        Condition = { StringEquals = { "ec2:CreateAction" = ["RunInstances", "CreateSecurityGroup", "CreateKeyPair", "CreateImage"] } }
      },
      {
        Sid       = "LabelTheImage"
        Effect    = "Allow"
        Action    = "ec2:CreateTags"
        Resource  = ["${local.arn}:ec2:${var.region}::image/*", "${local.arn}:ec2:${var.region}::snapshot/*"]
        Condition = { StringEquals = local.built }
      },
      {
        Sid    = "WorkWithWhatItMade"
        Effect = "Allow"
        Action = [
          "ec2:CreateImage", "ec2:TerminateInstances", "ec2:StopInstances", "ec2:ModifyInstanceAttribute",
          "ec2:DeleteSecurityGroup", "ec2:DeleteKeyPair", "ec2:DeleteVolume", "ec2:DeleteSnapshot", "ec2:DeregisterImage",
          "ec2:ModifyImageAttribute", "ec2:EnableImageDeprecation",
        ]
        Resource = concat(
          [for kind in ["instance", "volume", "security-group"] : "${local.arn}:ec2:${local.here}:${kind}/*"],
          ["${local.arn}:ec2:${local.here}:key-pair/packer_*", "${local.arn}:ec2:${var.region}::image/*", "${local.arn}:ec2:${var.region}::snapshot/*"],
        )
        Condition = { StringEquals = local.built }
      },
      {
        Sid      = "ReachItBySessionManager"
        Effect   = "Allow"
        Action   = "ssm:StartSession"
        Resource = "${local.arn}:ec2:${local.here}:instance/*"
        Condition = {
          StringEquals = { "ssm:resourceTag/votewave-build" = "machine-image" }
          BoolIfExists = local.named_document
        }
      },
      local.by_a_port_alone,
      local.its_own_sessions,
      {
        Sid      = "LendItsRole"
        Effect   = "Allow"
        Action   = ["iam:GetInstanceProfile", "iam:PassRole"]
        Resource = [aws_iam_role.build.arn, aws_iam_instance_profile.build.arn]
      },
      {
        # As a candidate: what machines start from is said by "deploy", behind staging and the environment's approval.
        Sid      = "NameTheNewestImage"
        Effect   = "Allow"
        Action   = ["ssm:PutParameter", "ssm:GetParameter"]
        Resource = var.machine_image_parameter_arns["candidate"]
      },
      {
        Sid      = "EncryptImages"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource = var.key_arn
      },
      local.lend_keys_to_services,
    ]

    # A pull request's code isn't reviewed yet: its plan may read the state and the names of keys and nothing else of the
    # account. So it runs without a refresh (the provider would read every resource) and without a lock.
    "terraform-plan" = [
      {
        Sid      = "ReadTheState"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:ListBucket"]
        Resource = [var.state_bucket_arn, "${var.state_bucket_arn}/${var.environment}/*"]
      },
      {
        Sid       = "DecryptTheState"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      },
      {
        Sid      = "FindTheKeys"
        Effect   = "Allow"
        Action   = "kms:ListAliases"
        Resource = "*" # reads; it knows no resources
      },
      {
        Sid      = "DescribeThem"
        Effect   = "Allow"
        Action   = "kms:DescribeKey"
        Resource = local.all_keys
      },
      {
        Sid      = "MakeUpSecrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetRandomPassword"
        Resource = "*" # it knows no resources
      },
    ]

    # A deployment reaches Nomad through a server, by Session Manager; Nomad itself verifies GitHub's OIDC token.
    "deploy" = [
      {
        Sid      = "ReachNomad"
        Effect   = "Allow"
        Action   = "ssm:StartSession"
        Resource = "${local.arn}:ec2:${local.here}:instance/*"
        Condition = {
          StringEquals = { "ssm:resourceTag/${var.server_tag.key}" = var.server_tag.value }
          BoolIfExists = local.named_document
        }
      },
      local.by_a_port_alone,
      local.its_own_sessions,
      {
        Sid    = "FindAServer"
        Effect = "Allow"
        Action = [
          "ec2:DescribeInstances", "ec2:DescribeImages",
          "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeInstanceRefreshes",
        ]
        Resource = "*" # reads; these know no single resources
      },
      {
        Sid      = "SeeMachineImages"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = concat(var.machine_image_parameter_arns["candidate"], var.machine_image_parameter_arns["live"])
      },
      {
        Sid      = "SayWhatMachinesStartFrom"
        Effect   = "Allow"
        Action   = "ssm:PutParameter"
        Resource = concat(var.machine_image_parameter_arns["live"], var.machine_image_parameter_arns["proven"])
      },
      {
        Sid      = "ReplaceMachines"
        Effect   = "Allow"
        Action   = "autoscaling:StartInstanceRefresh"
        Resource = "${local.arn}:autoscaling:${local.here}:autoScalingGroup:*:autoScalingGroupName/${var.prefix}-*"
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
        Action   = ["ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:DescribeImageScanFindings", "ecr:BatchGetImage"]
        Resource = var.repository_arn
      },
    ]
  }
}

# The role of a machine on which an image is built: it can be reached by Session Manager, and nothing else.
resource "aws_iam_role" "build" {
  name        = "${var.prefix}-machine-build"
  description = "What a machine may on which an image is built: be reached"

  permissions_boundary = var.boundary_arn

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

  name        = var.github_role_names[each.key]
  description = "What the workflow ${each.key} may"
  # A deployment of all services takes longer than an hour: each has a gate of its own.
  max_session_duration = each.key == "deploy" ? 10800 : 3600
  permissions_boundary = each.key == "terraform-apply" ? null : var.boundary_arn # it makes roles, and can't change its own

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
