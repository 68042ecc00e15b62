{{/* Values of other names, older ones and those that other charts use: each fails with what replaces it. */}}
{{- define "sluicebox.renamed" -}}
replicaCount: defaults.replicas, or services.NAME.replicas
resources: defaults.resources, or services.NAME.resources
nodeSelector: defaults.nodeSelector, or services.NAME.nodeSelector
tolerations: defaults.tolerations, or services.NAME.tolerations
affinity: defaults.affinity, or services.NAME.affinity
extraEnv: defaults.extraEnv, or services.NAME.extraEnv
env: defaults.extraEnv, or services.NAME.extraEnv
autoscaling: defaults.hpa or defaults.keda, or the same under services.NAME
ingress: services.adapters.ingress and services.api.ingress
serviceMonitor: monitoring.serviceMonitor
podMonitor: monitoring.podMonitor
prometheusRule: monitoring.prometheusRule
postgresql: postgres
schemaRegistry: registry
imagePullSecrets: image.pullSecrets, or global.imagePullSecrets
{{- end -}}

{{- define "sluicebox.checkRenamed" -}}
{{- range $old, $new := include "sluicebox.renamed" . | fromYaml -}}
{{- if hasKey $.Values $old -}}
{{- fail (printf "the value `%s` is not used: write %s" $old $new) -}}
{{- end -}}
{{- end -}}
{{- if hasKey .Values.kafka "bootstrapServers" }}{{ fail "the value `kafka.bootstrapServers` is not used: write kafka.brokers" }}{{ end -}}
{{- if hasKey .Values.postgres "url" }}{{ fail "the value `postgres.url` is not used, because it holds a password: write postgres.existingSecret" }}{{ end -}}
{{- end -}}
