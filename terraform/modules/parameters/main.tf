# How Postgres works, in either region: a copy that is promoted must not be another database.

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.prefix}-postgres18-"
  family      = "postgres18"
  description = "VoteWave: nothing acknowledged is lost, nothing secret is logged"

  dynamic "parameter" {
    for_each = {
      # A vote that was acknowledged is stored: the answer waits for the log on disk, on both machines.
      "synchronous_commit" = { value = "on" }
      # No connection without TLS.
      "rds.force_ssl" = { value = "1" }
      # Passwords are kept and proven as SCRAM only.
      "password_encryption" = { value = "scram-sha-256" }
      # Slow statements are logged, their values never: a value may be a ballot.
      "log_min_duration_statement"        = { value = "500" }
      "log_parameter_max_length"          = { value = "0" }
      "log_parameter_max_length_on_error" = { value = "0" }
      "log_statement"                     = { value = "none" }
      "log_lock_waits"                    = { value = "1" }
      "log_connections"                   = { value = "authorization" }
      # A transaction that somebody forgot keeps vacuum and locks waiting.
      "idle_in_transaction_session_timeout" = { value = "60000" }
      # Storage is gp3: a random page costs hardly more than the next one.
      "random_page_cost" = { value = "1.1" }
      # Counters are rows that change all the time: vacuum them early.
      "autovacuum_vacuum_scale_factor"  = { value = "0.02" }
      "autovacuum_analyze_scale_factor" = { value = "0.02" }
      # What Performance Insights and people look at.
      "track_io_timing"          = { value = "1" }
      "shared_preload_libraries" = { value = "pg_stat_statements", apply_method = "pending-reboot" }
      "pg_stat_statements.track" = { value = "all" }
    }

    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = try(parameter.value.apply_method, "immediate")
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
