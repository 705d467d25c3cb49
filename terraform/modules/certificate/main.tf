# The load balancer's certificate, which AWS renews as long as the records of its validation stay.

resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# One record validates both names: the wildcard shares that of its parent. Its values are known once the certificate is asked
# for, so nothing is keyed by them.
locals {
  validation = one([for it in aws_acm_certificate.this.domain_validation_options : it if it.domain_name == var.domain])
}

resource "aws_route53_record" "validation" {
  zone_id         = var.zone_id
  name            = local.validation.resource_record_name
  type            = local.validation.resource_record_type
  records         = [local.validation.resource_record_value]
  ttl             = 60
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.validation.fqdn]
}
