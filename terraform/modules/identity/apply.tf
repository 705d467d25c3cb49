# What `terraform apply` may change: the kinds of resources in these modules, in this account and region, by name where
# a kind can be named. It can't make, change or delete keys, the state's bucket or its own provider and role: those are
# terraform/bootstrap's, which a person runs.

locals {
  named = "${var.prefix}*"
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
          [for kind in local.ec2 : "${local.arn}:ec2:${local.here}:${kind}/*"],
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
          "elasticloadbalancing:SetRulePriorities", "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetWebACL",
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
          "route53:ChangeResourceRecordSets", "route53:CreateHealthCheck", "route53:UpdateHealthCheck", "route53:DeleteHealthCheck",
          "route53:ChangeTagsForResource", "acm:RequestCertificate", "acm:DeleteCertificate", "acm:AddTagsToCertificate",
          "acm:RemoveTagsFromCertificate",
        ]
        Resource = [
          "${local.arn}:route53:::hostedzone/${var.zone_id}", "${local.arn}:route53:::healthcheck/*",
          "${local.arn}:acm:${local.here}:certificate/*",
        ]
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
        Resource = [for kind in ["files", "reports", "logs"] : "${local.arn}:s3:::${var.prefix}-${kind}-*"]
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
        Resource = ["${var.bucket_arns["files"]}/*", "${var.bucket_arns["reports"]}/*"]
      },
      {
        Sid    = "Images"
        Effect = "Allow"
        Action = [
          "ecr:CreateRepository", "ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy",
          "ecr:TagResource", "ecr:UntagResource",
        ]
        Resource = var.repository_arn
      },
      {
        Sid      = "UseTheKeys"
        Effect   = "Allow"
        Action   = ["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
        Resource = [var.key_arn, var.log_key_arn]
      },
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
          "iam:CreateRole", "iam:UpdateRole", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:PutRolePolicy",
          "iam:DeleteRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile",
          "iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile",
        ]
        Resource = [
          "${local.arn}:iam::${var.account}:role/${local.named}", "${local.arn}:iam::${var.account}:instance-profile/${local.named}",
        ]
      },
      {
        # Only these can be given to a role: two of AWS's, which read or write metrics, and its own.
        Sid      = "PoliciesOfAws"
        Effect   = "Allow"
        Action   = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
        Resource = "${local.arn}:iam::${var.account}:role/${local.named}"
        Condition = {
          ArnEquals = {
            "iam:PolicyARN" = [
              "arn:aws:iam::aws:policy/ReadOnlyAccess",
              "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
              "${local.arn}:iam::${var.account}:policy/${var.github_role_names["terraform-apply"]}-*",
            ]
          }
        }
      },
      {
        Sid      = "PoliciesOfItsOwn"
        Effect   = "Allow"
        Action   = ["iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:DeletePolicy", "iam:TagPolicy"]
        Resource = "${local.arn}:iam::${var.account}:policy/${local.named}"
      },
      {
        Sid    = "NotItself"
        Effect = "Deny"
        Action = [
          "iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy",
        ]
        Resource = "${local.arn}:iam::${var.account}:role/${var.github_role_names["terraform-apply"]}"
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
        Action   = ["iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:AddClientIDToOpenIDConnectProvider", "iam:RemoveClientIDFromOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"]
        Resource = "${local.arn}:iam::${var.account}:oidc-provider/${local.issuer_name}"
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
        Resource = [
          "${local.arn}:logs:${local.here}:log-group:/${var.prefix}/*", "${local.arn}:logs:${local.here}:log-group:/${replace(var.prefix, "-", "/")}/*",
          "${local.arn}:logs:${local.here}:log-group:/aws/rds/instance/${local.named}",
          "${local.arn}:logs:${local.here}:log-group:/aws/elasticache/${local.named}",
          "${local.arn}:logs:${local.here}:log-group:aws-waf-logs-${local.named}",
          "${local.arn}:cloudwatch:${local.here}:alarm:${local.named}", "${local.arn}:cloudwatch::${var.account}:dashboard/${local.named}",
          "${local.arn}:sns:${local.here}:${local.named}", "${local.arn}:budgets::${var.account}:budget/${local.named}",
          "${local.arn}:ssm:${local.here}:parameter/${replace(var.prefix, "-", "/")}/*",
        ]
      },
    ]
  }
}

# Policies of their own, since one role's inline policies together may have no more than 10,240 characters.
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
