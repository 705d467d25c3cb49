# Secrets are generated while Terraform runs and passed to Secrets Manager in a write-only argument, so neither plan nor
# state contains any. A new value is generated only when its version here is raised.

locals {
  all = merge(
    { for name, it in var.service_secrets : name => "of the service ${it.service}" },
    { for name, it in var.shared_secrets : name => it.what },
  )

  # Certificates and keys of the cluster's CA: `./just infra pki` issues them, because Terraform would store them in its
  # state.
  issued = toset([for name in keys(var.shared_secrets) : name if startswith(name, "cluster/tls-")])

  # 32 bytes in base64; the program reads the URL-safe alphabet, Consul and Nomad the usual one.
  url_safe = toset([for name, it in var.service_secrets : name if it.form == "key-encryption"])
  base64   = toset(["cluster/gossip-consul", "cluster/gossip-nomad"])
  # Tokens of Consul and Nomad are UUIDs.
  uuids = toset([for name in keys(var.shared_secrets) : name if startswith(name, "cluster/acl-")])

  made = { for name in setsubtract(keys(local.all), local.issued) : name => lookup(var.versions, name, 1) }
}

ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = local.made

  # Letters and digits, so that a value fits into any URL, file or command; 32 of them are 190 bits.
  password_length            = 32
  exclude_punctuation        = true
  require_each_included_type = true
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:RDS rotates the master's by itself. The others change together with a database role, the cache's user or the cluster's agents: raise the number in secret_versions, then follow docs/infrastructure.md.
  for_each = local.all

  name                    = "${var.secret_prefix}/${each.key}"
  description             = each.value
  kms_key_id              = var.key_arn
  recovery_window_in_days = 30

  dynamic "replica" {
    for_each = var.replica_region == "" ? [] : [var.replica_region]

    content {
      region     = replica.value
      kms_key_id = var.replica_key_arn == "" ? null : var.replica_key_arn
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = local.made

  secret_id = aws_secretsmanager_secret.this[each.key].id

  secret_string_wo = (
    contains(local.uuids, each.key)
    ? uuidv5("url", ephemeral.aws_secretsmanager_random_password.this[each.key].random_password)
    : contains(local.base64, each.key)
    ? base64encode(ephemeral.aws_secretsmanager_random_password.this[each.key].random_password)
    : contains(local.url_safe, each.key)
    ? replace(replace(base64encode(ephemeral.aws_secretsmanager_random_password.this[each.key].random_password), "+", "-"), "/", "_")
    : ephemeral.aws_secretsmanager_random_password.this[each.key].random_password
  )
  secret_string_wo_version = each.value
}
