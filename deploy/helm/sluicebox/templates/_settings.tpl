{{- define "sluicebox.hasFolder" -}}
{{- if or .files .existingConfigMaps }}true{{ end -}}
{{- end -}}

{{/* The settings file, as YAML: what the values say, then `config` over it. Secrets are named by their files. */}}
{{- define "sluicebox.settings" -}}
{{- $values := .Values -}}
{{- $secrets := "/etc/sluicebox/secrets" -}}
{{- $kafka := dict
  "brokers" $values.kafka.brokers
  "partitions" (int $values.kafka.partitions)
  "replication_factor" (int $values.kafka.replicationFactor)
  "session_timeout_ms" (int $values.kafka.sessionTimeoutMs)
  "transaction_timeout_ms" (int $values.kafka.transactionTimeoutMs)
-}}
{{- $tls := $values.kafka.tls -}}
{{- $sasl := $values.kafka.sasl -}}
{{- $protocol := printf "%s%s" (ternary "sasl_" "" $sasl.enabled) (ternary "ssl" "plaintext" $tls.enabled) -}}
{{- $_ := set $kafka "security_protocol" $protocol -}}
{{- if and $tls.enabled $tls.caSecret }}{{ $_ := set $kafka "ssl_ca_location" (printf "%s/kafka-ca/%s" $secrets $tls.caKey) }}{{ end -}}
{{- if and $tls.enabled $tls.clientSecret -}}
{{- $_ := set $kafka "ssl_certificate_location" (printf "%s/kafka-client/%s" $secrets $tls.certificateKey) -}}
{{- $_ := set $kafka "ssl_key_location" (printf "%s/kafka-client/%s" $secrets $tls.privateKeyKey) -}}
{{- end -}}
{{- if $sasl.enabled -}}
{{- $_ := set $kafka "sasl_mechanism" $sasl.mechanism -}}
{{- $password := printf "%s/kafka-login/%s" $secrets $sasl.passwordKey -}}
{{- if eq $sasl.mechanism "OAUTHBEARER" -}}
{{- $oauth := dict "token_endpoint" $sasl.tokenEndpoint "client_id" $sasl.clientId "client_secret_file" $password -}}
{{- with $sasl.scope }}{{ $_ := set $oauth "scope" . }}{{ end -}}
{{- $_ := set $kafka "oauth" $oauth -}}
{{- else -}}
{{- $_ := set $kafka "sasl_username" $sasl.username -}}
{{- $_ := set $kafka "sasl_password_file" $password -}}
{{- end -}}
{{- end -}}
{{- with $values.kafka.properties }}{{ $_ := set $kafka "properties" . }}{{ end -}}
{{- $registry := dict "url" $values.registry.url "register" $values.registry.register -}}
{{- if $values.registry.existingSecret -}}
{{- if $values.registry.username -}}
{{- $_ := set $registry "username" $values.registry.username -}}
{{- $_ := set $registry "password_file" (printf "%s/registry-login/%s" $secrets $values.registry.passwordKey) -}}
{{- else -}}
{{- $_ := set $registry "token_file" (printf "%s/registry-login/%s" $secrets $values.registry.tokenKey) -}}
{{- end -}}
{{- end -}}
{{- if $values.registry.caSecret }}{{ $_ := set $registry "ca_location" (printf "%s/registry-ca/%s" $secrets $values.registry.caKey) }}{{ end -}}
{{- $settings := dict "topic_prefix" $values.topicPrefix "kafka" $kafka -}}
{{- if $values.registry.url }}{{ $_ := set $settings "registry" $registry }}{{ end -}}
{{- if $values.postgres.existingSecret -}}
{{- $postgres := dict "url_file" (printf "%s/postgres/%s" $secrets $values.postgres.urlKey) "max_connections" (int $values.postgres.maxConnections) -}}
{{- with $values.postgres.sslmode }}{{ $_ := set $postgres "sslmode" . }}{{ end -}}
{{- if $values.postgres.caSecret }}{{ $_ := set $postgres "ca" (printf "%s/postgres-ca/%s" $secrets $values.postgres.caKey) }}{{ end -}}
{{- $_ := set $settings "postgres" $postgres -}}
{{- end -}}
{{- $adapters := dict "listen" "0.0.0.0:8080" "auth" $values.access.auth -}}
{{- if $values.access.apiKeysSecret }}{{ $_ := set $adapters "api_keys_file" (printf "%s/api-keys/%s" $secrets $values.access.apiKeysKey) }}{{ end -}}
{{- $_ := set $settings "adapters" $adapters -}}
{{- $access := dict "insecure" (eq $values.access.auth "none") -}}
{{- if $values.access.keysSecret }}{{ $_ := set $access "keys_file" (printf "%s/access/%s" $secrets $values.access.keysKey) }}{{ end -}}
{{- $_ := set $settings "access" $access -}}
{{- $_ := set $settings "api" (dict "listen" "0.0.0.0:8088") -}}
{{- $ops := dict "listen" "0.0.0.0:9464" -}}
{{- if $values.ops.existingSecret }}{{ $_ := set $ops "token_file" (printf "%s/ops/%s" $secrets $values.ops.tokenKey) }}{{ end -}}
{{- $_ := set $settings "ops" $ops -}}
{{- $scoring := ternary "/etc/sluicebox/rules/scoring" "/usr/share/sluicebox/rules/scoring" (eq (include "sluicebox.hasFolder" $values.rules.scoring) "true") -}}
{{- $detections := ternary "/etc/sluicebox/rules/detections" "/usr/share/sluicebox/rules/detections" (eq (include "sluicebox.hasFolder" $values.rules.detections) "true") -}}
{{- $_ := set $settings "scorer" (dict "rules" $scoring) -}}
{{- $_ := set $settings "enricher" (dict "rules" $scoring) -}}
{{- $_ := set $settings "detector" (dict "rules" $detections) -}}
{{- $_ := set $settings "notifier" (dict "templates" (ternary "/etc/sluicebox/templates" "/usr/share/sluicebox/templates" (not (empty $values.templates)))) -}}
{{- $telemetry := dict "log_format" "json" "log_level" $values.telemetry.logLevel -}}
{{- with $values.telemetry.otlpEndpoint }}{{ $_ := set $telemetry "otlp_endpoint" . }}{{ end -}}
{{- $_ := set $settings "telemetry" $telemetry -}}
{{- toYaml (mergeOverwrite $settings (deepCopy $values.config)) -}}
{{- end -}}

{{/*
What of the settings is read at the start only: a change of it replaces the pods. The rest is followed while they run; the
list is that of bin/sluicebox/src/wiring/changes.rs.
*/}}
{{- define "sluicebox.settingsReadAtStart" -}}
{{- $settings := include "sluicebox.settings" . | fromYaml -}}
{{- $_ := set $settings "access" (pick ($settings.access | default dict) "insecure") -}}
{{- $_ := set $settings "postgres" (pick ($settings.postgres | default dict) "max_connections") -}}
{{- $_ := set $settings "adapters" (omit ($settings.adapters | default dict) "api_keys" "api_keys_file" "webhooks") -}}
{{- $_ := set $settings "ops" (omit ($settings.ops | default dict) "token" "token_file") -}}
{{- $_ := set $settings "notifier" (omit ($settings.notifier | default dict) "channels") -}}
{{- $_ := set $settings "enricher" (omit ($settings.enricher | default dict) "http") -}}
{{- $_ := set $settings "sources" (omit ($settings.sources | default dict) "polled") -}}
{{- toYaml (omit $settings "registry" "outbound") -}}
{{- end -}}
