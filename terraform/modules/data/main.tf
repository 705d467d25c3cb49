# Postgres: the only place where acknowledged data is stored.

resource "aws_db_subnet_group" "this" {
  name       = var.prefix
  subnet_ids = var.subnet_ids
}

module "parameters" {
  source = "../parameters"

  prefix = var.prefix
}

resource "aws_cloudwatch_log_group" "database" {
  #checkov:skip=CKV_AWS_338:For how long is a value (log_days, flow_log_days): logs hold addresses of people, so not for longer than needed.
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${var.database.server}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key_arn
}

resource "aws_iam_role" "monitoring" {
  name        = "${var.prefix}-database-monitoring"
  description = "Lets RDS write what the database's machine is doing"

  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_133:backup_retention_period is a value of 7 to 35 days; the variable's validation sees to it.
  #checkov:skip=CKV_AWS_157:A value: production has a standby; staging, which holds nothing of anybody, does without.
  #checkov:skip=CKV2_AWS_69:The parameter group sets rds.force_ssl in a dynamic block, which checkov doesn't unfold; a test reads it in the plan.
  identifier     = var.database.server
  engine         = "postgres"
  engine_version = "18"
  instance_class = var.database.class

  db_name  = var.database.name
  username = "votewave_admin"
  port     = var.port

  # RDS generates, stores and rotates the master's password; Terraform never sees it. But a database whose password RDS
  # manages can't have a replica in another region: where there is one, master.tf generates the password.
  manage_master_user_password   = local.own_master ? null : true
  master_user_secret_kms_key_id = local.own_master ? null : var.key_arn
  password_wo                   = one(ephemeral.aws_secretsmanager_random_password.master[*].random_password)
  password_wo_version           = local.own_master ? var.master_secret.version : null

  allocated_storage     = var.database.storage
  max_allocated_storage = var.database.greatest_storage
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.key_arn

  multi_az                            = var.database.multi_az
  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [var.security_group_id]
  publicly_accessible                 = false
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"
  iam_database_authentication_enabled = true
  parameter_group_name                = module.parameters.name

  backup_retention_period   = var.database.backup_days
  backup_window             = "02:00-03:00"
  maintenance_window        = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.database.server}-final"

  auto_minor_version_upgrade      = true
  allow_major_version_upgrade     = false
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.key_arn
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [aws_cloudwatch_log_group.database]
}
