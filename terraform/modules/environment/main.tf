# A complete environment. staging and production use it with different values, in separate accounts.

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

module "secrets" {
  source = "../secrets"

  secret_prefix   = module.naming.secret_prefix
  service_secrets = module.naming.service_secrets
  shared_secrets  = module.naming.shared_secrets
  key_arn         = local.keys["data"]
  replica_region  = var.second_region
  replica_key_arn = local.has_second ? data.aws_kms_alias.second["data"].target_key_arn : ""
  versions        = var.secret_versions
}

module "data" {
  source = "../data"

  prefix            = module.naming.prefix
  key_arn           = local.keys["data"]
  log_key_arn       = local.keys["logs"]
  log_days          = var.log_days
  boundary_arn      = local.boundary
  subnet_ids        = module.network.data_subnet_ids
  security_group_id = module.platform.security_group_ids["database"]
  port              = module.naming.ports.postgres
  database          = merge(var.database, module.naming.database)
  master_secret     = local.master_secret
}

module "buckets" {
  source = "../buckets"

  key_arn         = local.keys["data"]
  buckets         = module.naming.buckets
  allowed_origins = ["https://${var.domain}"]
}

module "registry" {
  source = "../registry"

  repository    = module.naming.repository
  mirror_prefix = module.naming.mirror_prefix
  key_arn       = local.keys["data"]
}

module "certificate" {
  source = "../certificate"

  domain  = var.domain
  zone_id = var.zone_id
}

module "platform" {
  source = "../platform"

  environment       = var.environment
  account           = var.account
  region            = var.region
  domain            = var.domain
  zone_id           = var.zone_id
  mail_domain       = var.mail_domain
  operator_cidrs    = var.operator_cidrs
  github_repository = var.github_repository
  alarm_addresses   = var.alarm_addresses
  monthly_budget    = var.monthly_budget
  log_days          = var.log_days
  pools             = var.pools
  cache             = var.cache

  boundary_arn      = local.boundary
  key_arns          = local.keys
  network           = module.network
  certificate_arn   = module.certificate.arn
  database          = module.data.database
  master_secret_arn = module.data.master_secret_arn
  secret_arns       = module.secrets.secret_arns
  bucket_arns       = module.buckets.bucket_arns
  log_bucket        = module.buckets.log_bucket_name
  repository        = { arn = module.registry.repository_arn, url = module.registry.repository_url }
}

module "identity" {
  source = "../identity"

  prefix              = module.naming.prefix
  environment         = var.environment
  region              = var.region
  account             = var.account
  boundary_arn        = local.boundary
  issuer              = module.naming.identity.issuer
  key_arn             = local.keys["data"]
  log_key_arn         = local.keys["logs"]
  second_region       = var.second_region
  second_key_arns     = [for alias in data.aws_kms_alias.second : alias.target_key_arn]
  repository_arn      = module.registry.repository_arn
  state_bucket_arn    = "arn:aws:s3:::${module.naming.buckets["state"]}"
  github_provider_arn = "arn:aws:iam::${var.account}:oidc-provider/token.actions.githubusercontent.com"
  github_repository   = var.github_repository
  github_role_names   = module.naming.github_role_names
  machine_image_parameter_arns = {
    for kind, names in {
      live      = values(module.naming.machine_image_parameters)
      candidate = values(module.naming.machine_image_candidate_parameters)
      proven    = [module.naming.machine_images_proven_parameter]
    } : kind => [for name in names : "arn:aws:ssm:${var.region}:${var.account}:parameter${name}"]
  }
  nomad_values_parameter_arn = "arn:aws:ssm:${var.region}:${var.account}:parameter${module.naming.nomad_values_parameter}"
  machine_build_subnet_arns = [
    for id in module.network.machine_subnet_ids : "arn:aws:ec2:${var.region}:${var.account}:subnet/${id}"
  ]
  server_tag = { key = module.naming.tag_names.role, value = "server" }
  zone_id    = var.zone_id
}

module "dr" {
  source = "../dr"
  count  = local.has_second ? 1 : 0

  providers = { aws = aws, aws.second = aws.second }

  environment           = var.environment
  boundary_arn          = local.boundary
  account               = var.account
  region                = var.second_region
  domain                = var.domain
  cidr                  = var.second_cidr
  zones                 = var.second_zones
  key_arn               = data.aws_kms_alias.second["data"].target_key_arn
  log_key_arn           = data.aws_kms_alias.second["logs"].target_key_arn
  first_key_arn         = local.keys["data"]
  database_arn          = module.data.database_arn
  database              = var.database
  log_days              = var.log_days
  monitoring_role_arn   = module.data.monitoring_role_arn
  alarm_addresses       = var.alarm_addresses
  first_alarm_topic_arn = module.platform.alarm_topic_arn
  first_bucket_names    = { for kind in ["files", "reports"] : kind => module.buckets.versioned_bucket_names[kind] }
  repository            = module.registry.repository_name
  mirror_prefix         = module.naming.mirror_prefix
  validation_names      = module.certificate.validation_names
}
