# Machines: three or five servers, edges with the gateway, apps with the services. Each starts from an image, gets its
# settings from user data, and reads its class's secrets with its role. Machines are replaced, never logged in to (Session
# Manager for emergencies): an instance refresh rolls out a new image, one machine after the other, each once its
# successor has said that it has come up (modules/machines).
#
# The image is named by a parameter, so AWS can't roll back a refresh by itself: a new image goes to staging first. To roll
# back, put the former image's id into the parameter and refresh again (docs/operations/machine-images.md).

locals {
  roles = keys(var.pools)

  boot_values = {
    for role in local.roles : role => {
      environment    = var.environment
      role           = role
      region         = var.region
      datacenter     = var.datacenter
      servers        = var.pools["server"].wished
      join_tag_key   = var.join_tag.key
      join_tag_value = var.join_tag.value
      secret_prefix  = var.secret_prefix
      log_group      = var.log_group_names[role]
      oidc_issuer    = var.oidc_issuer
      drain_hook     = var.drain_hook
      launch_hook    = var.launch_hook

      github_repository = var.github_repository
    }
  }

  hooks = {
    launch = { name = var.launch_hook, seconds = var.launch_seconds }
    drain  = { name = var.drain_hook, seconds = var.drain_seconds }
  }

  user_data = {
    for role in local.roles : role => templatefile("${path.module}/user-data.yaml.tftpl", {
      path   = var.paths.boot_values
      values = jsonencode(local.boot_values[role])
    })
  }

  group_names = { for role in local.roles : role => "${var.prefix}-${role}" }
  group_arns = {
    for role in local.roles : role =>
    "arn:aws:autoscaling:${var.region}:${var.account}:autoScalingGroup:*:autoScalingGroupName/${local.group_names[role]}"
  }
}

resource "aws_iam_role" "node" {
  for_each = var.pools

  name        = var.role_names[each.key]
  description = "What machines of the role ${each.key} may"

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

resource "aws_iam_role_policy" "node" {
  for_each = var.pools

  name = "node"
  role = aws_iam_role.node[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "FindTheServers"
          Effect   = "Allow"
          Action   = ["ec2:DescribeInstances", "ec2:DescribeTags", "autoscaling:DescribeAutoScalingInstances"]
          Resource = "*" # reads; these know no single resources
        },
        {
          Sid      = "ReadTheSecretsOfItsKind"
          Effect   = "Allow"
          Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
          Resource = var.secret_arns[each.key]
        },
        {
          Sid       = "DecryptThem"
          Effect    = "Allow"
          Action    = "kms:Decrypt"
          Resource  = var.key_arn
          Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
        },
        {
          Sid      = "SayThatItHasComeUpOrIsDrained"
          Effect   = "Allow"
          Action   = ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"]
          Resource = local.group_arns[each.key]
        },
        {
          Sid    = "WriteLogs"
          Effect = "Allow"
          Action = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
          Resource = [
            for name in distinct([var.log_group_names[each.key], var.log_group_names["tasks"]]) :
            "arn:aws:logs:${var.region}:${var.account}:log-group:${name}:*"
          ]
        },
        {
          Sid       = "WriteMetrics"
          Effect    = "Allow"
          Action    = "cloudwatch:PutMetricData"
          Resource  = "*" # it knows no resources; the name space bounds it
          Condition = { StringEquals = { "cloudwatch:namespace" = "VoteWave/${var.environment}" } }
        },
        {
          Sid    = "BeReachedBySessionManager"
          Effect = "Allow"
          Action = [
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
          ]
          Resource = "*" # they know no resources: each speaks of the calling machine alone
        },
      ],
      # Servers run no containers.
      [for statement in [
        {
          Sid      = "SignInToTheRegistry"
          Effect   = "Allow"
          Action   = "ecr:GetAuthorizationToken"
          Resource = "*" # it knows no resources
        },
        {
          Sid      = "FetchTheImage"
          Effect   = "Allow"
          Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
          Resource = var.repository_arn
        },
      ] : statement if each.key != "server"],
    )
  })
}

resource "aws_iam_instance_profile" "node" {
  for_each = var.pools

  name = var.role_names[each.key]
  role = aws_iam_role.node[each.key].name
}

resource "aws_launch_template" "this" {
  for_each = var.pools

  name                   = local.group_names[each.key]
  description            = "Machines of the role ${each.key}"
  image_id               = "resolve:ssm:${var.machine_image_parameters[each.key]}"
  instance_type          = each.value.type
  user_data              = base64encode(local.user_data[each.key])
  update_default_version = true
  ebs_optimized          = true

  iam_instance_profile {
    name = aws_iam_instance_profile.node[each.key].name
  }

  network_interfaces {
    associate_public_ip_address = false
    delete_on_termination       = true
    security_groups             = [var.security_group_ids[each.key]]
  }

  # IMDSv2 only, with a hop limit of one, so that a container can't get the machine's credentials.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = each.value.storage
      volume_type           = "gp3"
      encrypted             = true
      kms_key_id            = var.key_arn
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])

    content {
      resource_type = tag_specifications.value
      tags = merge(
        { Name = local.group_names[each.key], (var.role_tag) = each.key },
        each.key == "server" ? { (var.join_tag.key) = var.join_tag.value } : {},
      )
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Servers first: a client that starts before there is a leader can't join anything, and would be given up.
module "servers" {
  source = "../machines"

  name              = local.group_names["server"]
  pool              = var.pools["server"]
  subnet_ids        = var.subnet_ids
  target_group_arns = lookup(var.target_group_arns, "server", [])
  most_healthy      = 134 # percent: of three servers, one more
  role_tag          = { key = var.role_tag, value = "server" }
  hooks             = local.hooks

  launch_template = {
    id      = aws_launch_template.this["server"].id
    version = aws_launch_template.this["server"].latest_version
  }
}

module "clients" {
  source   = "../machines"
  for_each = { for role, pool in var.pools : role => pool if role != "server" }

  name              = local.group_names[each.key]
  pool              = each.value
  subnet_ids        = var.subnet_ids
  target_group_arns = lookup(var.target_group_arns, each.key, [])
  most_healthy      = 150
  role_tag          = { key = var.role_tag, value = each.key }
  hooks             = local.hooks

  launch_template = {
    id      = aws_launch_template.this[each.key].id
    version = aws_launch_template.this[each.key].latest_version
  }

  depends_on = [module.servers]
}
