{{/* One volume of a Secret by its purpose, and its mount. Called with (dict "name" NAME "secret" SECRET). */}}
{{- define "sluicebox.secretMounts" -}}
{{- $mounts := list -}}
{{- $v := .Values -}}
{{- if and $v.kafka.tls.enabled $v.kafka.tls.caSecret }}{{ $mounts = append $mounts (dict "name" "kafka-ca" "secretName" $v.kafka.tls.caSecret) }}{{ end -}}
{{- if and $v.kafka.tls.enabled $v.kafka.tls.clientSecret }}{{ $mounts = append $mounts (dict "name" "kafka-client" "secretName" $v.kafka.tls.clientSecret) }}{{ end -}}
{{- if $v.kafka.sasl.enabled }}{{ $mounts = append $mounts (dict "name" "kafka-login" "secretName" $v.kafka.sasl.existingSecret) }}{{ end -}}
{{- with $v.registry.existingSecret }}{{ $mounts = append $mounts (dict "name" "registry-login" "secretName" .) }}{{ end -}}
{{- with $v.registry.caSecret }}{{ $mounts = append $mounts (dict "name" "registry-ca" "secretName" .) }}{{ end -}}
{{- with $v.postgres.existingSecret }}{{ $mounts = append $mounts (dict "name" "postgres" "secretName" .) }}{{ end -}}
{{- with $v.postgres.caSecret }}{{ $mounts = append $mounts (dict "name" "postgres-ca" "secretName" .) }}{{ end -}}
{{- with $v.access.keysSecret }}{{ $mounts = append $mounts (dict "name" "access" "secretName" .) }}{{ end -}}
{{- with $v.access.apiKeysSecret }}{{ $mounts = append $mounts (dict "name" "api-keys" "secretName" .) }}{{ end -}}
{{- with $v.ops.existingSecret }}{{ $mounts = append $mounts (dict "name" "ops" "secretName" .) }}{{ end -}}
{{- range $v.secretMounts }}{{ $mounts = append $mounts . }}{{ end -}}
{{- toYaml (dict "mounts" $mounts) -}}
{{- end -}}

{{/* A volume of ConfigMaps: ours of a folder, if it has files, and those of the user. Called with (dict "root" "name" "folder"). */}}
{{- define "sluicebox.folderVolume" -}}
- name: {{ .name }}
  projected:
    sources:
      {{- if .folder.files }}
      - configMap: {name: {{ include "sluicebox.fullname" .root }}-{{ .name }}}
      {{- end }}
      {{- range .folder.existingConfigMaps }}
      - configMap: {name: {{ . }}}
      {{- end }}
{{- end -}}

{{/*
The folders that a service follows: name of the volume, place, values. Whole folders, never `subPath`, which would be frozen.
Called with (dict "root" $ "service" SERVICE).
*/}}
{{- define "sluicebox.folders" -}}
{{- $values := .root.Values -}}
{{- $folders := list -}}
{{- with .service.is.rules -}}
{{- $folder := index $values.rules . -}}
{{- if include "sluicebox.hasFolder" $folder }}{{ $folders = append $folders (dict "name" (printf "rules-%s" .) "place" (printf "/etc/sluicebox/rules/%s" .) "folder" $folder) }}{{ end -}}
{{- end -}}
{{- if .service.is.templates -}}
{{- range $language, $folder := $values.templates }}{{ $folders = append $folders (dict "name" (printf "templates-%s" (lower $language)) "place" (printf "/etc/sluicebox/templates/%s" $language) "folder" $folder) }}{{ end -}}
{{- end -}}
{{- range $name, $folder := $values.files }}{{ $folders = append $folders (dict "name" (printf "files-%s" $name) "place" (printf "/etc/sluicebox/files/%s" $name) "folder" $folder) }}{{ end -}}
{{- toYaml (dict "folders" $folders) -}}
{{- end -}}

{{/* What every pod of ours has, whatever runs in it: identity, image, security. */}}
{{- define "sluicebox.podBasics" -}}
serviceAccountName: {{ include "sluicebox.serviceAccountName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat (.Values.image.pullSecrets | default list) ((.Values.global).imagePullSecrets | default list) }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- end -}}

{{/* A container of ours. Called with (dict "root" $ "name" NAME "args" LIST "env" LIST "mounts" LIST "resources" MAP). */}}
{{- define "sluicebox.container" -}}
name: {{ .name }}
image: {{ include "sluicebox.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: {{ toJson .args }}
securityContext:
  {{- toYaml .root.Values.containerSecurityContext | nindent 2 }}
env:
  - {name: SLUICEBOX_CONFIG, value: /etc/sluicebox/config/sluicebox.yaml}
  {{- with .env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - {name: config, mountPath: /etc/sluicebox/config, readOnly: true}
  {{- range (include "sluicebox.secretMounts" .root | fromYaml).mounts }}
  - {name: secret-{{ .name }}, mountPath: /etc/sluicebox/secrets/{{ .name }}, readOnly: true}
  {{- end }}
  {{- with .mounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Settings and Secrets. Called with (dict "root" $ "configMap" NAME). */}}
{{- define "sluicebox.volumes" -}}
- name: config
  configMap: {name: {{ .configMap }}}
{{- range (include "sluicebox.secretMounts" .root | fromYaml).mounts }}
- name: secret-{{ .name }}
  secret: {secretName: {{ .secretName }}, defaultMode: 288}
{{- end }}
{{- end -}}

{{- define "sluicebox.probe" -}}
httpGet: {path: {{ .path }}, port: ops}
{{ toYaml .values }}
{{- end -}}

{{/* The pod of a service. Called with (dict "root" $ "service" SERVICE). */}}
{{- define "sluicebox.pod" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- $folders := (include "sluicebox.folders" . | fromYaml).folders -}}
{{- $labels := dict "root" $root "component" $service.name -}}
metadata:
  labels:
    {{- include "sluicebox.labels" $labels | nindent 4 }}
    {{- with $service.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ $service.name }}
    # The rest of the settings is followed by a running pod.
    sluicebox/settings-read-at-start: {{ include "sluicebox.settingsReadAtStart" $root | sha256sum | trunc 16 }}
    {{- with merge (dict) ($service.podAnnotations | default dict) $root.Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "sluicebox.podBasics" $root | nindent 2 }}
  terminationGracePeriodSeconds: {{ $service.terminationGracePeriodSeconds }}
  {{- with $service.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $service.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $service.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  affinity:
    {{- if $service.affinity }}
    {{- toYaml $service.affinity | nindent 4 }}
    {{- else }}
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 100
          podAffinityTerm:
            topologyKey: kubernetes.io/hostname
            labelSelector:
              matchLabels:
                {{- include "sluicebox.selectorLabels" $labels | nindent 16 }}
    {{- end }}
  {{- with $service.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    - {{ toYaml (omit . "labelSelector") | nindent 6 | trim }}
      labelSelector:
        {{- if hasKey . "labelSelector" }}
        {{- toYaml .labelSelector | nindent 8 }}
        {{- else }}
        matchLabels:
          {{- include "sluicebox.selectorLabels" $labels | nindent 10 }}
        {{- end }}
    {{- end }}
  {{- end }}
  {{- $env := list
    (dict "name" "SLUICEBOX__INSTANCE_ID" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.name")))
    (dict "name" "SLUICEBOX__KAFKA__LANES" "value" (toString $service.lanes))
    (dict "name" "SLUICEBOX__OPS__DRAIN_DELAY" "value" (printf "%vs" $service.drainDelaySeconds)) -}}
  {{- $env = concat $env ($service.extraEnv | default list) -}}
  {{- $mounts := list -}}
  {{- range $folders }}{{ $mounts = append $mounts (dict "name" .name "mountPath" .place "readOnly" true) }}{{ end -}}
  {{- $mounts = concat $mounts ($service.extraVolumeMounts | default list) }}
  initContainers:
    - {{ include "sluicebox.container" (dict "root" $root "name" "wait" "args" (list "wait" $service.name "--timeout" $root.Values.setup.waitTimeout) "env" $env "envFrom" $service.extraEnvFrom "mounts" $service.extraVolumeMounts "resources" $root.Values.setup.resources) | nindent 6 | trim }}
  containers:
    - {{ include "sluicebox.container" (dict "root" $root "name" $service.name "args" (list "run" $service.name "--stay-up") "env" $env "envFrom" $service.extraEnvFrom "mounts" $mounts "resources" $service.resources) | nindent 6 | trim }}
      ports:
        {{- with $service.is.port }}
        - {name: http, containerPort: {{ . }}, protocol: TCP}
        {{- end }}
        - {name: ops, containerPort: 9464, protocol: TCP}
      startupProbe:
        {{- include "sluicebox.probe" (dict "path" "/livez" "values" $service.startupProbe) | nindent 8 }}
      livenessProbe:
        {{- include "sluicebox.probe" (dict "path" "/livez" "values" $service.livenessProbe) | nindent 8 }}
      readinessProbe:
        {{- include "sluicebox.probe" (dict "path" "/readyz" "values" $service.readinessProbe) | nindent 8 }}
    {{- with $service.sidecars }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "sluicebox.volumes" (dict "root" $root "configMap" (printf "%s-settings" (include "sluicebox.fullname" $root))) | nindent 4 }}
    {{- range $folders }}
    {{- include "sluicebox.folderVolume" (dict "root" $root "name" .name "folder" .folder) | nindent 4 }}
    {{- end }}
    {{- with $service.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
