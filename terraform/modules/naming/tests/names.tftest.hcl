variables {
  environment = "staging"
  account     = "111122223333"
  domain      = "staging.vote.example.org"
}

run "names" {
  command = plan

  assert {
    condition     = output.prefix == "votewave-staging" && output.secret_prefix == "votewave/staging"
    error_message = "Names begin with project and environment."
  }

  assert {
    condition     = output.buckets.files == "votewave-staging-files-111122223333"
    error_message = "A bucket's name holds the account: it is unique in the world."
  }

  assert {
    condition     = output.service_secrets["polls/database"].service == "polls"
    error_message = "Each service owns the password of its role."
  }

  assert {
    condition     = output.identity.subjects["polls"] == "global:default:votewave-polls:service:service:aws"
    error_message = "A task's subject is its job, group, task and identity."
  }

  assert {
    condition     = output.identity.issuer == "https://oidc.staging.vote.example.org"
    error_message = "The issuer is a host of the environment's domain."
  }

  assert {
    condition     = output.task_role_names["migrate"] == "votewave-staging-migrate"
    error_message = "A task's role is named by environment and task."
  }

  assert {
    condition = alltrue([
      for name in flatten([values(output.buckets), values(output.task_role_names), values(output.node_role_names), values(output.github_role_names)]) :
      !strcontains(name, "{") && length(name) <= 63
    ])
    error_message = "Nothing is left to fill in, and nothing is longer than AWS allows."
  }
}

run "production_shares_nothing" {
  command = plan

  variables {
    environment = "production"
  }

  assert {
    condition     = output.prefix == "votewave-production" && output.join_tag.value == "votewave-production"
    error_message = "Agents of one environment never find the servers of the other."
  }
}

run "no_third_environment" {
  command = plan

  variables {
    environment = "test"
  }

  expect_failures = [var.environment]
}

run "an_account_has_twelve_digits" {
  command = plan

  variables {
    account = "1111"
  }

  expect_failures = [var.account]
}

run "a_domain_is_no_address" {
  command = plan

  variables {
    domain = "https://vote.example.org"
  }

  expect_failures = [var.domain]
}

run "what_takes_over_is_named_apart_where_names_are_the_accounts" {
  command = plan

  variables {
    environment = "production"
    account     = "444455556666"
    domain      = "vote.example.org"
    second      = true
  }

  assert {
    condition     = output.prefix == "votewave-production" && output.secret_prefix == "votewave/production"
    error_message = "What is a region's has the same name in each."
  }

  assert {
    condition = alltrue([
      for name in concat(values(output.task_role_names), values(output.node_role_names), values(output.buckets), [output.database.server]) :
      startswith(name, "votewave-production-second") && length(name) <= 63
    ])
    error_message = "Roles, buckets and the database are the account's, or wait beside those of the first region."
  }

  assert {
    condition     = output.identity.issuer == "https://oidc-second.vote.example.org"
    error_message = "Two clusters sign with keys of their own, so they are two issuers; the certificate has names of one level alone."
  }
}
