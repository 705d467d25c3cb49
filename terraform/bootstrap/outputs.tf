output "backend" {
  description = "Write it to terraform/envs/ENVIRONMENT/backend.hcl."
  value       = <<-HCL
    bucket     = "${module.state.bucket}"
    region     = "${var.region}"
    kms_key_id = "${aws_kms_key.first["data"].arn}"
  HCL
}

output "backend_second" {
  description = "Write it to terraform/envs/second/ENVIRONMENT.backend.hcl; empty without a second region."
  value       = var.second_region == "" ? "" : <<-HCL
    bucket     = "${module.second_state[0].bucket}"
    region     = "${var.second_region}"
    kms_key_id = "${aws_kms_key.second["data"].arn}"
  HCL
}

output "github_provider_arn" {
  description = "GitHub as an identity provider of this account."
  value       = aws_iam_openid_connect_provider.github.arn
}

output "key_arns" {
  description = "The keys, by region and purpose."
  value = {
    first  = { for purpose, key in aws_kms_key.first : purpose => key.arn }
    second = { for purpose, key in aws_kms_key.second : purpose => key.arn }
  }
}
