# One environment, whole. staging and production are this with different values, in accounts of their own.

# Keys are terraform/bootstrap's: what applies this can use them and can't delete them.
data "aws_kms_alias" "first" {
  for_each = module.naming.key_aliases

  name = each.value
}

data "aws_kms_alias" "second" {
  provider = aws.second
  for_each = local.has_second ? module.naming.key_aliases : {}

  name = each.value
}

locals {
  has_second = var.second_region != ""
  boundary   = "arn:aws:iam::${var.account}:policy/${module.naming.boundary}"
  keys       = { for purpose, alias in data.aws_kms_alias.first : purpose => alias.target_key_arn }

  # RDS keeps the master's password by itself, save where there is a copy in another region, which it then refuses.
  master_secret = local.has_second ? {
    name            = "${module.naming.secret_prefix}/${module.naming.database.master_secret}"
    version         = lookup(var.secret_versions, module.naming.database.master_secret, 1)
    replica_region  = var.second_region
    replica_key_arn = data.aws_kms_alias.second["data"].target_key_arn
  } : null

  tasks = {
    for name, role in module.naming.task_role_names :
    name => { role = role, subject = module.naming.identity.subjects[name] }
  }
}

module "naming" {
  source = "../naming"

  environment = var.environment
  account     = var.account
  domain      = var.domain
}

module "network" {
  source = "../network"

  prefix = module.naming.prefix
  cidr   = var.cidr
  zones  = var.zones
  nat    = var.nat
  region = var.region

  boundary_arn = local.boundary
  log_key_arn  = local.keys["logs"]
}

module "security" {
  source = "../security"

  prefix         = module.naming.prefix
  vpc_id         = module.network.vpc_id
  ports          = module.naming.ports
  operator_cidrs = var.operator_cidrs
}

module "secrets" {
  source = "../secrets"

  secret_prefix   = module.naming.secret_prefix
  service_secrets = module.naming.service_secrets
  shared_secrets  = module.naming.shared_secrets
  task_secrets    = module.naming.task_secrets
  key_arn         = local.keys["data"]
  replica_region  = var.second_region
  replica_key_arn = local.has_second ? data.aws_kms_alias.second["data"].target_key_arn : ""
  versions        = var.secret_versions
}

module "data" {
  source = "../data"

  prefix                     = module.naming.prefix
  key_arn                    = local.keys["data"]
  log_key_arn                = local.keys["logs"]
  log_days                   = var.log_days
  boundary_arn               = local.boundary
  subnet_ids                 = module.network.data_subnet_ids
  database_security_group_id = module.security.group_ids["database"]
  cache_security_group_id    = module.security.group_ids["cache"]
  ports                      = module.naming.ports
  database                   = merge(var.database, module.naming.database)
  database_ca_path           = module.naming.paths.database_ca
  master_secret              = local.master_secret
  cache                      = merge(var.cache, module.naming.redis)
  buckets                    = module.naming.buckets
  allowed_origins            = ["https://${var.domain}"]
  load_balancer_log_prefixes = ["alb", "alb-connections"]
}

module "registry" {
  source = "../registry"

  repository = module.naming.repository
  key_arn    = local.keys["data"]
}

module "edge" {
  source = "../edge"

  prefix            = module.naming.prefix
  domain            = var.domain
  zone_id           = var.zone_id
  vpc_id            = module.network.vpc_id
  subnet_ids        = module.network.load_balancer_subnet_ids
  security_group_id = module.security.group_ids["balancer"]
  ports             = module.naming.ports
  log_bucket        = module.data.log_bucket_name
  log_key_arn       = local.keys["logs"]
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
  subnet_ids               = module.network.machine_subnet_ids
  security_group_ids       = module.security.group_ids
  target_group_arns        = module.edge.target_group_arns
  pools                    = var.pools
  machine_image_parameters = module.naming.machine_image_parameters
  role_names               = module.naming.node_role_names
  boundary_arn             = local.boundary
  secret_arns              = module.secrets.readable_by
  secret_prefix            = module.naming.secret_prefix
  key_arn                  = local.keys["data"]
  repository_arn           = module.registry.repository_arn
  log_group_names          = module.naming.log_groups
  join_tag                 = module.naming.join_tag
  role_tag                 = module.naming.tag_names.role
  drain_hook               = module.naming.drain_hook
  oidc_issuer              = module.naming.identity.issuer
  github_repository        = var.github_repository
  paths                    = module.naming.paths
}

module "identity" {
  source = "../identity"

  prefix              = module.naming.prefix
  environment         = var.environment
  region              = var.region
  account             = var.account
  boundary_arn        = local.boundary
  issuer              = module.naming.identity.issuer
  audience            = module.naming.identity.audience
  tasks               = local.tasks
  secret_arns         = module.secrets.readable_by
  master_secret_arn   = module.data.master_secret_arn
  mail_senders        = [for name, it in module.naming.services : name if it.mail]
  mail_domain         = var.mail_domain
  services            = keys(module.naming.services)
  bucket_arns         = module.data.bucket_arns
  key_arn             = local.keys["data"]
  log_key_arn         = local.keys["logs"]
  second_region       = var.second_region
  second_key_arns     = [for alias in data.aws_kms_alias.second : alias.target_key_arn]
  repository_arn      = module.registry.repository_arn
  state_bucket_arn    = "arn:aws:s3:::${module.naming.buckets["state"]}"
  github_provider_arn = "arn:aws:iam::${var.account}:oidc-provider/token.actions.githubusercontent.com"
  github_repository   = var.github_repository
  github_role_names   = module.naming.github_role_names
  machine_image_parameter_arns = [
    for name in values(module.naming.machine_image_parameters) : "arn:aws:ssm:${var.region}:${var.account}:parameter${name}"
  ]
  nomad_values_parameter_arn = aws_ssm_parameter.nomad_values.arn
  machine_build_subnet_arns = [
    for id in module.network.machine_subnet_ids : "arn:aws:ec2:${var.region}:${var.account}:subnet/${id}"
  ]
  server_tag = { key = module.naming.tag_names.role, value = "server" }
  zone_id    = var.zone_id
}

module "observability" {
  source = "../observability"

  prefix                      = module.naming.prefix
  environment                 = var.environment
  region                      = var.region
  log_group_names             = module.naming.log_groups
  log_key_arn                 = local.keys["logs"]
  log_days                    = var.log_days
  alarm_addresses             = var.alarm_addresses
  monthly_budget              = var.monthly_budget
  load_balancer_suffix        = module.edge.load_balancer_suffix
  gateway_target_group_suffix = module.edge.gateway_target_group_suffix
  nomad_target_group_suffix   = module.edge.nomad_target_group_suffix
  database_identifier         = module.data.database_identifier
  database_storage            = var.database.storage
  cache_group                 = module.data.cache_group
  cache_nodes                 = var.cache.nodes
  group_names                 = module.cluster.group_names
  least_machines              = { for role, pool in var.pools : role => pool.least }
}

module "dr" {
  source = "../dr"
  count  = local.has_second ? 1 : 0

  providers = { aws = aws, aws.second = aws.second }

  prefix               = module.naming.prefix
  boundary_arn         = local.boundary
  region               = var.second_region
  cidr                 = var.second_cidr
  zones                = var.second_zones
  key_arn              = data.aws_kms_alias.second["data"].target_key_arn
  log_key_arn          = data.aws_kms_alias.second["logs"].target_key_arn
  first_key_arn        = local.keys["data"]
  database_arn         = module.data.database_arn
  monitoring_role_arn  = module.data.monitoring_role_arn
  alarm_addresses      = var.alarm_addresses
  database             = { server = "${module.naming.database.server}-second", class = var.database.class }
  first_bucket_names   = { for kind in ["files", "reports"] : kind => module.data.versioned_bucket_names[kind] }
  account              = var.account
  zone_id              = var.zone_id
  domain               = var.domain
  second_load_balancer = var.second_load_balancer
}

# What jobs need to know and only this knows. No secret: deployments read it, and write it into Nomad's variables.
locals {
  nomad_values = {
    image         = module.registry.repository_url
    aws_role      = "arn:aws:iam::${var.account}:role/${module.naming.task_role_pattern}"
    master_secret = module.data.master_secret_arn
    load_store    = "s3://${module.data.bucket_names["reports"]}/loadtests"
    addresses = {
      VOTEWAVE_DATABASE_URL = module.data.database_url
      VOTEWAVE_REDIS_URL    = module.data.redis_url
      VOTEWAVE_REDIS_USER   = module.naming.redis.user
      VOTEWAVE_PUBLIC_URL   = "https://${var.domain}"
      VOTEWAVE_STORAGE      = "s3://${module.data.bucket_names["files"]}"
      VOTEWAVE_MAIL_FROM    = "VoteWave <no-reply@${var.mail_domain}>"
      AWS_REGION            = var.region
      AWS_DEFAULT_REGION    = var.region
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
