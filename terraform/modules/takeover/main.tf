# Failover to the second region: everything that runs, on top of what the module dr keeps there. Nothing here depends on
# the first region and no data store is created: database, buckets, secrets, images and network are looked up by name.

module "naming" {
  source = "../naming"

  environment = var.environment
  account     = var.account
  domain      = var.domain
  second      = true
}

locals {
  waiting = module.naming.apart_prefix
  letters = toset([for zone in var.zones : substr(zone, -1, 1)])
  keys    = { for purpose, alias in data.aws_kms_alias.this : purpose => alias.target_key_arn }
  master  = module.naming.database.master_secret
}

data "aws_kms_alias" "this" {
  for_each = module.naming.key_aliases

  name = each.value
}

data "aws_db_instance" "this" {
  db_instance_identifier = module.naming.database.server

  lifecycle {
    postcondition {
      condition     = coalesce(self.replicate_source_db, "none") == "none"
      error_message = "The database still follows the first region's, and takes no vote: promote it first (docs/operations/disaster.md)."
    }
  }
}

data "aws_secretsmanager_secret" "this" {
  for_each = toset(concat(module.naming.secret_names, [local.master]))

  name = "${module.naming.secret_prefix}/${each.key}"
}

data "aws_s3_bucket" "this" {
  for_each = toset(["files", "reports", "logs"])

  bucket = module.naming.buckets[each.key]
}

data "aws_ecr_repository" "this" {
  name = module.naming.repository
}

data "aws_acm_certificate" "this" {
  domain      = var.domain
  statuses    = ["ISSUED"]
  most_recent = true
}

data "aws_vpc" "this" {
  tags = { Name = local.waiting }
}

data "aws_subnet" "this" {
  for_each = { for it in setproduct(["public", "app", "data"], local.letters) : "${it[0]}-${it[1]}" => it }

  vpc_id = data.aws_vpc.this.id
  tags   = { Name = "${local.waiting}-${each.key}" }
}

data "aws_route_table" "app" {
  for_each = local.letters

  vpc_id = data.aws_vpc.this.id
  tags   = { Name = "${local.waiting}-app-${each.key}" }
}

data "aws_security_group" "this" {
  for_each = toset(["database", "endpoints"])

  vpc_id = data.aws_vpc.this.id
  name   = "${local.waiting}-${each.key}"
}

module "way_out" {
  source = "../way-out"

  prefix                      = local.waiting
  region                      = var.region
  vpc_id                      = data.aws_vpc.this.id
  nat                         = var.nat
  public_subnet_ids           = { for letter in local.letters : letter => data.aws_subnet.this["public-${letter}"].id }
  machine_subnet_ids          = { for letter in local.letters : letter => data.aws_subnet.this["app-${letter}"].id }
  route_table_ids             = { for letter, table in data.aws_route_table.app : letter => table.id }
  endpoints_security_group_id = data.aws_security_group.this["endpoints"].id
}

module "platform" {
  source = "../platform"

  environment       = var.environment
  second            = true
  account           = var.account
  region            = var.region
  domain            = var.domain
  zone_id           = var.zone_id
  mail_domain       = var.mail_domain
  github_repository = var.github_repository
  alarm_addresses   = var.alarm_addresses
  monthly_budget    = var.monthly_budget
  log_days          = var.log_days
  pools             = var.pools
  cache             = var.cache

  boundary_arn = "arn:aws:iam::${var.account}:policy/${module.naming.boundary}"
  key_arns     = local.keys
  network = {
    vpc_id                   = data.aws_vpc.this.id
    cidr                     = data.aws_vpc.this.cidr_block
    load_balancer_subnet_ids = [for letter in local.letters : data.aws_subnet.this["public-${letter}"].id]
    machine_subnet_ids       = [for letter in local.letters : data.aws_subnet.this["app-${letter}"].id]
    data_subnet_ids          = [for letter in local.letters : data.aws_subnet.this["data-${letter}"].id]
  }
  security_groups = { database = data.aws_security_group.this["database"].id }
  certificate_arn = data.aws_acm_certificate.this.arn
  database = {
    identifier = data.aws_db_instance.this.db_instance_identifier
    address    = data.aws_db_instance.this.address
    name       = module.naming.database.name
    storage    = data.aws_db_instance.this.allocated_storage
  }
  master_secret_arn = data.aws_secretsmanager_secret.this[local.master].arn
  secret_arns       = { for name in module.naming.secret_names : name => data.aws_secretsmanager_secret.this[name].arn }
  bucket_arns       = { for kind, bucket in data.aws_s3_bucket.this : kind => bucket.arn }
  log_bucket        = data.aws_s3_bucket.this["logs"].id
  repository        = { arn = data.aws_ecr_repository.this.arn, url = data.aws_ecr_repository.this.repository_url }
}
