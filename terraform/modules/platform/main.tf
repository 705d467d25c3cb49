# What runs, in either region: machines and who may speak to whom, the cache, the load balancer, the tasks' roles, alarms.
# What is kept (database, buckets, secrets, images) is given to it.

module "naming" {
  source = "../naming"

  environment = var.environment
  account     = var.account
  domain      = var.domain
  second      = var.second
}

locals {
  readable_by = {
    for reader, names in module.naming.secret_readers : reader => [for name in names : var.secret_arns[name]]
  }
  tasks = {
    for name, role in module.naming.task_role_names :
    name => { role = role, subject = module.naming.identity.subjects[name] }
  }
}

module "security" {
  source = "../security"

  prefix         = module.naming.prefix
  vpc_id         = var.network.vpc_id
  existing       = var.security_groups
  ports          = module.naming.ports
  operator_cidrs = var.operator_cidrs
}

module "cache" {
  source = "../cache"

  prefix            = module.naming.prefix
  key_arn           = var.key_arns["data"]
  log_key_arn       = var.key_arns["logs"]
  log_days          = var.log_days
  subnet_ids        = var.network.data_subnet_ids
  security_group_id = module.security.group_ids["cache"]
  port              = module.naming.ports.redis
  cache             = merge(var.cache, module.naming.redis)
}

module "edge" {
  source = "../edge"

  prefix            = module.naming.prefix
  domain            = var.domain
  zone_id           = var.zone_id
  certificate_arn   = var.certificate_arn
  answer            = var.second ? "second" : "first"
  vpc_id            = var.network.vpc_id
  subnet_ids        = var.network.load_balancer_subnet_ids
  security_group_id = module.security.group_ids["balancer"]
  ports             = module.naming.ports
  log_bucket        = var.log_bucket
  log_key_arn       = var.key_arns["logs"]
  issuer_host       = trimprefix(module.naming.identity.issuer, "https://")
  operator_cidrs    = var.operator_cidrs
}

module "cluster" {
  source = "../cluster"

  prefix                   = module.naming.prefix
  environment              = var.environment
  region                   = var.region
  account                  = var.account
  datacenter               = module.naming.datacenter
  subnet_ids               = var.network.machine_subnet_ids
  security_group_ids       = module.security.group_ids
  target_group_arns        = module.edge.target_group_arns
  pools                    = var.pools
  machine_image_parameters = module.naming.machine_image_parameters
  role_names               = module.naming.node_role_names
  boundary_arn             = var.boundary_arn
  secret_arns              = local.readable_by
  secret_prefix            = module.naming.secret_prefix
  key_arn                  = var.key_arns["data"]
  repository_arn           = var.repository.arn
  log_group_names          = module.naming.log_groups
  join_tag                 = module.naming.join_tag
  role_tag                 = module.naming.tag_names.role
  drain_hook               = module.naming.drain_hook
  launch_hook              = module.naming.launch_hook
  oidc_issuer              = module.naming.identity.issuer
  github_repository        = var.github_repository
  paths                    = module.naming.paths
}

module "tasks" {
  source = "../tasks"

  region            = var.region
  account           = var.account
  boundary_arn      = var.boundary_arn
  issuer            = module.naming.identity.issuer
  audience          = module.naming.identity.audience
  tasks             = local.tasks
  secret_arns       = local.readable_by
  master_secret_arn = var.master_secret_arn
  mail_senders      = [for name, it in module.naming.services : name if it.mail]
  mail_domain       = var.mail_domain
  services          = keys(module.naming.services)
  bucket_arns       = var.bucket_arns
  key_arn           = var.key_arns["data"]
}

module "observability" {
  source = "../observability"

  prefix                      = module.naming.prefix
  apart_prefix                = module.naming.apart_prefix
  environment                 = var.environment
  region                      = var.region
  log_group_names             = module.naming.log_groups
  log_key_arn                 = var.key_arns["logs"]
  log_days                    = var.log_days
  alarm_addresses             = var.alarm_addresses
  monthly_budget              = var.monthly_budget
  load_balancer_suffix        = module.edge.load_balancer_suffix
  gateway_target_group_suffix = module.edge.gateway_target_group_suffix
  nomad_target_group_suffix   = module.edge.nomad_target_group_suffix
  database_identifier         = var.database.identifier
  database_storage            = var.database.storage
  cache_group                 = module.cache.group
  cache_nodes                 = var.cache.nodes
  group_names                 = module.cluster.group_names
  least_machines              = { for role, pool in var.pools : role => pool.least }
}

# What jobs need to know and only this knows. No secret: deployments read it, and write it into Nomad's variables.
locals {
  nomad_values = {
    image         = var.repository.url
    aws_role      = "arn:aws:iam::${var.account}:role/${module.naming.task_role_pattern}"
    master_secret = var.master_secret_arn
    load_store    = "s3://${module.naming.buckets["reports"]}/loadtests"
    # Only from our own network a header asks for canaries.
    gateway_canary_from = [var.network.cidr]
    addresses = {
      # Without user and password: services add their role and the password of their secret.
      VOTEWAVE_DATABASE_URL = join("", [
        "postgresql://", var.database.address, ":", module.naming.ports.postgres, "/", var.database.name,
        "?sslmode=verify-full&sslrootcert=", module.naming.paths.database_ca,
      ])
      VOTEWAVE_REDIS_URL  = module.cache.url
      VOTEWAVE_REDIS_USER = module.naming.redis.user
      VOTEWAVE_PUBLIC_URL = "https://${var.domain}"
      VOTEWAVE_STORAGE    = "s3://${module.naming.buckets["files"]}"
      VOTEWAVE_MAIL_FROM  = "VoteWave <no-reply@${var.mail_domain}>"
      AWS_REGION          = var.region
      AWS_DEFAULT_REGION  = var.region
    }
  }
}

resource "aws_ssm_parameter" "nomad_values" {
  #checkov:skip=CKV2_AWS_34:Addresses and names, nothing secret; a deployment's role needn't decrypt anything.
  name        = module.naming.nomad_values_parameter
  description = "Values of the Nomad jobs that Terraform knows; the release reads them"
  type        = "String"
  value       = jsonencode(local.nomad_values)
}
