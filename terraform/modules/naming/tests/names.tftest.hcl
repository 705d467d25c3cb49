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
