# The master's password where the database has a copy in another region (decision 0018): made up while Terraform runs, handed
# to the database and then to a secret of ours, in write-only arguments, so that no plan and no state holds it. The secret
# is of the form that RDS's own has, and it, too, is copied to the other region.

locals {
  own_master = var.master_secret != null
}

ephemeral "aws_secretsmanager_random_password" "master" {
  count = local.own_master ? 1 : 0

  password_length            = 32
  exclude_punctuation        = true
  require_each_included_type = true
}

resource "aws_secretsmanager_secret" "master" {
  #checkov:skip=CKV2_AWS_57:A new password is a greater number in secret_versions; nothing but migrations uses it, and they read it each time.
  count = local.own_master ? 1 : 0

  name                    = var.master_secret.name
  description             = "the database's master user"
  kms_key_id              = var.key_arn
  recovery_window_in_days = 30

  replica {
    region     = var.master_secret.replica_region
    kms_key_id = var.master_secret.replica_key_arn
  }

  lifecycle {
    prevent_destroy = true
  }
}

# After the database, whose name it takes: a password that the database refused is kept nowhere.
resource "aws_secretsmanager_secret_version" "master" {
  count = local.own_master ? 1 : 0

  secret_id = aws_secretsmanager_secret.master[0].id

  secret_string_wo = jsonencode({
    username = aws_db_instance.this.username
    password = ephemeral.aws_secretsmanager_random_password.master[0].random_password
  })
  secret_string_wo_version = aws_db_instance.this.password_wo_version
}
