{{/* The services in the order of the stream, and what each is. */}}
{{- define "sluicebox.services" -}}
adapters: {kind: Deployment, port: 8080}
sources: {kind: StatefulSet, outbound: true}
normalizer: {kind: StatefulSet}
scorer: {kind: StatefulSet, rules: scoring}
dedup-aggregator: {kind: StatefulSet}
story-merger: {kind: StatefulSet}
detector: {kind: StatefulSet, rules: detections}
enricher: {kind: StatefulSet, rules: scoring, outbound: true}
notifier: {kind: StatefulSet, stages: notifier-plan|notifier-deliver, templates: true, outbound: true}
sink: {kind: StatefulSet, database: true}
api: {kind: Deployment, port: 8088, database: true, noStream: true}
{{- end -}}

{{/* The values of a service: its own over the defaults, with what it is. Called with (dict "root" $ "name" NAME). */}}
{{- define "sluicebox.service" -}}
{{- $is := index (include "sluicebox.services" . | fromYaml) .name -}}
{{- $own := index .root.Values.services .name | default dict -}}
{{- $values := mergeOverwrite (dict) (deepCopy .root.Values.defaults) (deepCopy $own) -}}
{{- $_ := set $values "is" $is -}}
{{- $_ := set $values "name" .name -}}
{{- $_ := set $values "fullname" (printf "%s-%s" (include "sluicebox.fullname" .root) .name) -}}
{{- $_ := set $values "stages" ($is.stages | default .name) -}}
{{- $_ := set $values "scaled" (or $values.hpa.enabled $values.keda.enabled) -}}
{{- $most := int $values.replicas -}}
{{- if $values.hpa.enabled }}{{ $most = int $values.hpa.maxReplicas }}{{ end -}}
{{- if $values.keda.enabled }}{{ $most = int $values.keda.maxReplicas }}{{ end -}}
{{- $_ := set $values "most" $most -}}
{{- toYaml $values -}}
{{- end -}}

{{/* The values of every service that is enabled, as a list under `services`. */}}
{{- define "sluicebox.enabled" -}}
{{- $all := list -}}
{{- range $name := list "adapters" "sources" "normalizer" "scorer" "dedup-aggregator" "story-merger" "detector" "enricher" "notifier" "sink" "api" -}}
{{- $service := include "sluicebox.service" (dict "root" $ "name" $name) | fromYaml -}}
{{- if $service.enabled }}{{ $all = append $all $service }}{{ end -}}
{{- end -}}
{{- toYaml (dict "services" $all) -}}
{{- end -}}

{{- define "sluicebox.needsDatabase" -}}
{{- if or (index .Values.services "sink").enabled (index .Values.services "api").enabled }}true{{ end -}}
{{- end -}}
