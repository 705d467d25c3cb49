# What `terraform apply` may change: the kinds of resources in these modules, in this account and its regions, by name where
# a kind can be named. It can't change keys, the state's bucket, GitHub as a provider or what it may itself: that is a
# person's. Nor can a role that it makes or changes, for it can make none without terraform/bootstrap's boundary.

locals {
  named = "${var.prefix}*"

  regions = concat([var.region], var.second_region == "" ? [] : [var.second_region])
  places  = [for region in local.regions : "${region}:${var.account}"]
  itself  = "${local.arn}:iam::${var.account}:role/${var.github_role_names["terraform-apply"]}"
  within  = { StringEquals = { "iam:PermissionsBoundary" = var.boundary_arn } }

  ec2 = [
    "elastic-ip", "internet-gateway", "launch-template", "natgateway", "network-interface", "route-table", "security-group",
    "security-group-rule", "subnet", "vpc", "vpc-endpoint", "vpc-flow-log",
  ]

  apply = {
    network = [
      {
        Sid    = "Network"
        Effect = "Allow"
        Action = [
          "ec2:AllocateAddress", "ec2:AssociateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway",
          "ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateFlowLogs",
          "ec2:CreateInternetGateway", "ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:CreateNatGateway",
          "ec2:CreateRoute", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags",
          "ec2:CreateVpc", "ec2:CreateVpcEndpoint", "ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway",
          "ec2:DeleteLaunchTemplate", "ec2:DeleteLaunchTemplateVersions", "ec2:DeleteNatGateway", "ec2:DeleteRoute",
          "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc",
          "ec2:DeleteVpcEndpoints", "ec2:DetachInternetGateway", "ec2:DisassociateAddress", "ec2:DisassociateRouteTable",
          "ec2:ModifyLaunchTemplate", "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute",
          "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress", "ec2:ReplaceRoute", "ec2:ReplaceRouteTableAssociation",
          "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:RunInstances",
          "ec2:UpdateSecurityGroupRuleDescriptionsEgress", "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        ]
        Resource = concat(
          [for it in setproduct(local.places, local.ec2) : "${local.arn}:ec2:${it[0]}:${it[1]}/*"],
          ["${local.arn}:ec2:${local.here}:instance/*", "${local.arn}:ec2:${local.here}:volume/*", "${local.arn}:ec2:${var.region}::image/*"],
        )
      },
      {
        Sid    = "LoadBalancer"
        Effect = "Allow"
        Action = [
          "elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags", "elasticloadbalancing:CreateListener",
          "elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateRule", "elasticloadbalancing:CreateTargetGroup",
          "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteRule",
          "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:ModifyListener",
          "elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:ModifyRule",
          "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
          "elasticloadbalancing:SetRulePriorities", "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets",
          "elasticloadbalancing:SetWebACL",
        ]
        Resource = [
          "${local.arn}:elasticloadbalancing:${local.here}:loadbalancer/app/${local.named}",
          "${local.arn}:elasticloadbalancing:${local.here}:targetgroup/${local.named}",
          "${local.arn}:elasticloadbalancing:${local.here}:listener/app/${local.named}",
          "${local.arn}:elasticloadbalancing:${local.here}:listener-rule/app/${local.named}",
        ]
      },
      {
        Sid    = "Firewall"
        Effect = "Allow"
        Action = [
          "wafv2:AssociateWebACL", "wafv2:DisassociateWebACL", "wafv2:CreateWebACL", "wafv2:UpdateWebACL", "wafv2:DeleteWebACL",
          "wafv2:PutLoggingConfiguration", "wafv2:DeleteLoggingConfiguration", "wafv2:TagResource", "wafv2:UntagResource",
        ]
        Resource = [
          "${local.arn}:wafv2:${local.here}:regional/webacl/${local.named}",
          "${local.arn}:wafv2:${local.here}:regional/managedruleset/*",
          "${local.arn}:elasticloadbalancing:${local.here}:loadbalancer/app/${local.named}",
        ]
      },
      {
        Sid    = "NamesAndCertificates"
        Effect = "Allow"
        Action = [
          "route53:ChangeResourceRecordSets", "route53:UpdateHealthCheck", "route53:DeleteHealthCheck",
          "route53:ChangeTagsForResource", "acm:RequestCertificate", "acm:DeleteCertificate", "acm:AddTagsToCertificate",
          "acm:RemoveTagsFromCertificate",
        ]
        Resource = concat([
          "${local.arn}:route53:::hostedzone/${var.zone_id}", "${local.arn}:route53:::healthcheck/*",
          ],
        [for place in local.places : "${local.arn}:acm:${place}:certificate/*"])
      },
      {
        # The firewall's and the cache's logs, the registry's copies, and the health check. Route 53 is asked in us-east-1,
        # wherever one is.
        Sid       = "WhatKnowsNoResources"
        Effect    = "Allow"
        Action    = ["logs:CreateLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:PutResourcePolicy", "ecr:PutReplicationConfiguration", "route53:CreateHealthCheck"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = concat(local.regions, ["us-east-1"]) } }
      },
    ]

    data = [
      {
        Sid    = "Databases"
        Effect = "Allow"
        Action = [
          "rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica",
          "rds:CreateDBParameterGroup", "rds:CreateDBSubnetGroup", "rds:DeleteDBParameterGroup", "rds:DeleteDBSubnetGroup",
          "rds:ModifyDBInstance", "rds:ModifyDBParameterGroup", "rds:ModifyDBSubnetGroup", "rds:RebootDBInstance",
          "rds:ResetDBParameterGroup",
        ]
        Resource = [
          "${local.arn}:rds:*:${var.account}:db:${local.named}", "${local.arn}:rds:*:${var.account}:pg:${local.named}",
          "${local.arn}:rds:*:${var.account}:subgrp:${local.named}", "${local.arn}:rds:*:${var.account}:og:default*",
        ]
      },
      {
        Sid    = "Cache"
        Effect = "Allow"
        Action = [
          "elasticache:AddTagsToResource", "elasticache:RemoveTagsFromResource", "elasticache:CreateCacheParameterGroup",
          "elasticache:CreateCacheSubnetGroup", "elasticache:CreateReplicationGroup", "elasticache:CreateUser",
          "elasticache:CreateUserGroup", "elasticache:DeleteCacheParameterGroup", "elasticache:DeleteCacheSubnetGroup",
          "elasticache:DeleteReplicationGroup", "elasticache:DeleteUser", "elasticache:DeleteUserGroup",
          "elasticache:IncreaseReplicaCount", "elasticache:DecreaseReplicaCount", "elasticache:ModifyCacheParameterGroup",
          "elasticache:ModifyCacheSubnetGroup", "elasticache:ModifyReplicationGroup", "elasticache:ModifyUserGroup",
        ]
        Resource = [
          for kind in ["cluster", "parametergroup", "replicationgroup", "subnetgroup", "user", "usergroup"] :
          "${local.arn}:elasticache:${local.here}:${kind}:${local.named}"
        ]
      },
      {
        Sid    = "Buckets"
        Effect = "Allow"
        Action = [
          "s3:CreateBucket", "s3:PutBucketCORS", "s3:PutBucketLogging", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
          "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
          "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration",
        ]
        Resource = concat(
          [for kind in ["files", "reports", "logs"] : "${local.arn}:s3:::${var.prefix}-${kind}-*"],
          [for kind in ["files", "reports", "logs"] : "${local.arn}:s3:::${var.prefix}-second-${kind}-*" if var.second_region != ""],
        )
      },
      {
        # The provider reads a secret to see that it is there, also one that it has written and doesn't keep.
        Sid    = "Secrets"
        Effect = "Allow"
        Action = [
          "secretsmanager:CreateSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret",
          "secretsmanager:TagResource", "secretsmanager:UntagResource", "secretsmanager:ReplicateSecretToRegions",
          "secretsmanager:RemoveRegionsFromReplication",
        ]
        Resource = [
          "${local.arn}:secretsmanager:*:${var.account}:secret:${replace(var.prefix, "-", "/")}/*",
          "${local.arn}:secretsmanager:${local.here}:secret:rds!*",
        ]
      },
      {
        Sid      = "MakeUpSecrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetRandomPassword"
        Resource = "*" # it knows no resources
      },
      {
        Sid      = "ReadNoFiles"
        Effect   = "Deny"
        Action   = "s3:GetObject"
        Resource = [for kind in ["files", "reports", "logs", "second"] : "${local.arn}:s3:::${var.prefix}-${kind}-*/*"]
      },
      {
        Sid    = "Images"
        Effect = "Allow"
        Action = [
          "ecr:CreateRepository", "ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy",
          "ecr:TagResource", "ecr:UntagResource",
        ]
        Resource = [for region in local.regions : replace(var.repository_arn, ":${var.region}:", ":${region}:")]
      },
      {
        Sid      = "UseTheKeys"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
        Resource = local.all_keys
      },
      local.lend_keys_to_services,
      {
        Sid      = "State"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
        Resource = [var.state_bucket_arn, "${var.state_bucket_arn}/${var.environment}/*"]
      },
      {
        Sid      = "Lock"
        Effect   = "Allow"
        Action   = "s3:DeleteObject"
        Resource = "${var.state_bucket_arn}/${var.environment}/terraform.tfstate.tflock"
      },
    ]

    machines = [
      {
        Sid    = "Machines"
        Effect = "Allow"
        Action = [
          "autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup",
          "autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags", "autoscaling:PutLifecycleHook",
          "autoscaling:DeleteLifecycleHook", "autoscaling:StartInstanceRefresh", "autoscaling:CancelInstanceRefresh",
          "autoscaling:RollbackInstanceRefresh", "autoscaling:EnableMetricsCollection", "autoscaling:DisableMetricsCollection",
          "autoscaling:AttachLoadBalancerTargetGroups", "autoscaling:DetachLoadBalancerTargetGroups",
        ]
        Resource = "${local.arn}:autoscaling:${local.here}:autoScalingGroup:*:autoScalingGroupName/${local.named}"
      },
      {
        Sid    = "Roles"
        Effect = "Allow"
        Action = [
          "iam:UpdateRole", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
          "iam:TagRole", "iam:UntagRole", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile",
          "iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile",
        ]
        Resource = [
          "${local.arn}:iam::${var.account}:role/${local.named}", "${local.arn}:iam::${var.account}:instance-profile/${local.named}",
        ]
      },
      {
        # Rights are given only to a role that stays within the boundary, which keeps it from giving itself more.
        Sid       = "RightsOfRoles"
        Effect    = "Allow"
        Action    = ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"]
        Resource  = "${local.arn}:iam::${var.account}:role/${local.named}"
        Condition = local.within
      },
      {
        # The one policy of AWS's that a role of ours has besides its own: RDS writes metrics by it.
        Sid      = "PoliciesOfAws"
        Effect   = "Allow"
        Action   = "iam:AttachRolePolicy"
        Resource = "${local.arn}:iam::${var.account}:role/${local.named}"
        Condition = merge(local.within, {
          ArnEquals = { "iam:PolicyARN" = "${local.arn}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole" }
        })
      },
      {
        # What it may is in policies that it has no right to write, and it can't give itself others.
        Sid    = "NotItself"
        Effect = "Deny"
        Action = [
          "iam:UpdateRole", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy",
          "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PassRole",
        ]
        Resource = local.itself
      },
      {
        Sid      = "LendRolesToServices"
        Effect   = "Allow"
        Action   = "iam:PassRole"
        Resource = "${local.arn}:iam::${var.account}:role/${local.named}"
        Condition = {
          StringEquals = {
            "iam:PassedToService" = [
              "ec2.amazonaws.com", "monitoring.rds.amazonaws.com", "s3.amazonaws.com", "vpc-flow-logs.amazonaws.com",
            ]
          }
        }
      },
      {
        Sid      = "NomadAsAnIdentityProvider"
        Effect   = "Allow"
        Action   = ["iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:AddClientIDToOpenIDConnectProvider", "iam:RemoveClientIDFromOpenIDConnectProvider", "iam:UpdateOpenIDConnectProviderThumbprint", "iam:TagOpenIDConnectProvider"]
        Resource = "${local.arn}:iam::${var.account}:oidc-provider/${trimprefix(var.issuer, "https://")}"
      },
      {
        Sid    = "LogsAndAlarms"
        Effect = "Allow"
        Action = [
          "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:AssociateKmsKey", "logs:TagResource",
          "logs:UntagResource", "logs:PutMetricFilter", "logs:DeleteMetricFilter", "cloudwatch:PutMetricAlarm",
          "cloudwatch:DeleteAlarms", "cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards", "cloudwatch:TagResource",
          "sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:Unsubscribe", "sns:TagResource",
          "budgets:ModifyBudget", "budgets:TagResource", "ssm:PutParameter", "ssm:DeleteParameter", "ssm:AddTagsToResource",
        ]
        Resource = concat(flatten([for place in local.places : [
          "${local.arn}:logs:${place}:log-group:/${local.named}", "${local.arn}:cloudwatch:${place}:alarm:${local.named}",
          "${local.arn}:sns:${place}:${local.named}", "${local.arn}:logs:${place}:log-group:/aws/rds/instance/${local.named}",
          ]]), [
          "${local.arn}:logs:${local.here}:log-group:/${replace(var.prefix, "-", "/")}/*",
          "${local.arn}:logs:${local.here}:log-group:/aws/elasticache/${local.named}",
          "${local.arn}:logs:${local.here}:log-group:aws-waf-logs-${local.named}",
          "${local.arn}:cloudwatch::${var.account}:dashboard/${local.named}", "${local.arn}:budgets::${var.account}:budget/${local.named}",
          "${local.arn}:ssm:${local.here}:parameter/${replace(var.prefix, "-", "/")}/*",
        ])
      },
    ]
  }
}

# Policies of their own, since one role's inline policies together may have no more than 10,240 characters. Whoever changes
# them applies it as a person: the workflow is refused.
resource "aws_iam_policy" "apply" {
  for_each = local.apply

  name        = "${var.github_role_names["terraform-apply"]}-${each.key}"
  description = "What terraform apply may change: ${each.key}"
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = aws_iam_policy.apply

  role       = aws_iam_role.github["terraform-apply"].name
  policy_arn = each.value.arn
}

resource "aws_iam_role_policy_attachment" "apply_reads" {
  role       = aws_iam_role.github["terraform-apply"].name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
