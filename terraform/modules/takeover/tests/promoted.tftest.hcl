# What AWS would answer is made up here; the database says what each case needs.
mock_provider "aws" {}

variables {
  environment       = "production"
  account           = "444455556666"
  region            = "eu-west-1"
  zones             = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  nat               = "each_zone"
  domain            = "vote.example.org"
  zone_id           = "Z0123456789ABC"
  mail_domain       = "example.org"
  github_repository = "example@1234567/votewave@987654321"
  alarm_addresses   = ["on-call@example.org"]
  monthly_budget    = 4000
  log_days          = 90

  pools = {
    server = { type = "m7i.large", least = 3, wished = 3, most = 4, storage = 50 }
    edge   = { type = "c7i.large", least = 3, wished = 3, most = 6, storage = 30 }
    app    = { type = "c7i.xlarge", least = 3, wished = 3, most = 12, storage = 60 }
  }

  cache = { class = "cache.m7g.large", nodes = 2 }
}

run "a_database_that_still_follows_is_refused" {
  command = plan

  override_data {
    target = data.aws_db_instance.this
    values = { replicate_source_db = "arn:aws:rds:eu-central-1:444455556666:db:votewave-production" }
  }

  expect_failures = [data.aws_db_instance.this]
}

run "one_that_is_promoted_is_taken" {
  command = plan

  override_data {
    target = data.aws_db_instance.this
    values = { replicate_source_db = "", address = "promoted.eu-west-1.rds.amazonaws.com", allocated_storage = 200 }
  }

  assert {
    condition     = strcontains(output.nomad_values.addresses.VOTEWAVE_DATABASE_URL, "//promoted.eu-west-1.rds.amazonaws.com:5432/votewave?")
    error_message = "Services get the promoted database's address."
  }
}
