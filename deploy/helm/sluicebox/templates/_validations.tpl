{{/* What the schema cannot say: values that do not go together. */}}
{{- define "sluicebox.validate" -}}
{{- $values := .Values -}}
{{- $services := (include "sluicebox.enabled" . | fromYaml).services -}}
{{- if not $values.kafka.brokers }}{{ fail "kafka.brokers is needed: host:port, several separated by commas" }}{{ end -}}
{{- if not $values.registry.url }}{{ fail "registry.url is needed: the address of the schema registry" }}{{ end -}}
{{- if and (include "sluicebox.needsDatabase" .) (not $values.postgres.existingSecret) -}}
{{- fail "postgres.existingSecret is needed by the sink and the API: a Secret with the address, postgres://user:password@host:5432/database; or set services.sink.enabled and services.api.enabled to false" -}}
{{- end -}}
{{- if ge (int $values.kafka.transactionTimeoutMs) (int $values.kafka.sessionTimeoutMs) -}}
{{- fail (printf "kafka.transactionTimeoutMs (%d) must be below kafka.sessionTimeoutMs (%d): the open transaction of a dead pod holds back its successor" (int $values.kafka.transactionTimeoutMs) (int $values.kafka.sessionTimeoutMs)) -}}
{{- end -}}
{{- $sasl := $values.kafka.sasl -}}
{{- if $sasl.enabled -}}
{{- if not $sasl.existingSecret }}{{ fail "kafka.sasl.existingSecret is needed with kafka.sasl.enabled: a Secret with the password" }}{{ end -}}
{{- if eq $sasl.mechanism "OAUTHBEARER" -}}
{{- if not (and $sasl.tokenEndpoint $sasl.clientId) }}{{ fail "kafka.sasl.tokenEndpoint and kafka.sasl.clientId are needed with OAUTHBEARER" }}{{ end -}}
{{- else if not $sasl.username }}{{ fail (printf "kafka.sasl.username is needed with %s" $sasl.mechanism) }}{{ end -}}
{{- end -}}
{{- if and $values.registry.username (not $values.registry.existingSecret) }}{{ fail "registry.existingSecret is needed with registry.username: a Secret with the password" }}{{ end -}}
{{- if and (index $values.services "adapters").enabled (eq $values.access.auth "required") (not (or $values.access.keysSecret $values.access.apiKeysSecret (dig "access" "jwt" list $values.config))) -}}
{{- fail "nobody could send events: name access.keysSecret, access.apiKeysSecret or config.access.jwt; or set access.auth to none behind a gateway that asks, or services.adapters.enabled to false" -}}
{{- end -}}
{{- $monitoring := $values.monitoring -}}
{{- if and (or $monitoring.podMonitor.enabled $monitoring.serviceMonitor.enabled) (not $values.ops.existingSecret) -}}
{{- fail "ops.existingSecret is needed for monitoring: /metrics is told only to who sends its token" -}}
{{- end -}}
{{- if and $monitoring.podMonitor.enabled $monitoring.serviceMonitor.enabled }}{{ fail "monitoring.podMonitor and monitoring.serviceMonitor would scrape every pod twice: enable one of them" }}{{ end -}}
{{- range $services -}}
{{- $at := printf "services.%s" .name -}}
{{- if and .hpa.enabled .keda.enabled }}{{ fail (printf "%s: hpa and keda are both enabled, and would fight over the replicas: enable one of them" $at) }}{{ end -}}
{{- $scaler := ternary "hpa" "keda" .hpa.enabled -}}
{{- if .scaled -}}
{{- $values := index . $scaler -}}
{{- if gt (int $values.minReplicas) (int $values.maxReplicas) }}{{ fail (printf "%s.%s: minReplicas (%d) is above maxReplicas (%d)" $at $scaler (int $values.minReplicas) (int $values.maxReplicas)) }}{{ end -}}
{{- end -}}
{{- if eq .is.kind "StatefulSet" -}}
{{- if gt (mul (int .most) (int .lanes)) (int $.Values.kafka.partitions) -}}
{{- fail (printf "%s: %d replicas × %d lanes are more than kafka.partitions (%d): some would have no work" $at (int .most) (int .lanes) (int $.Values.kafka.partitions)) -}}
{{- end -}}
{{- if and .keda.enabled (not .keda.triggers) (not .keda.prometheusAddress) }}{{ fail (printf "%s.keda.prometheusAddress is needed, or %s.keda.triggers" $at $at) }}{{ end -}}
{{- end -}}
{{- $needed := add (int .drainDelaySeconds) 12 -}}
{{- if le (int .terminationGracePeriodSeconds) (int $needed) -}}
{{- fail (printf "%s.terminationGracePeriodSeconds (%d) must be above %d: the drain delay, 8 s for requests under way and 4 s for transactions" $at (int .terminationGracePeriodSeconds) (int $needed)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
