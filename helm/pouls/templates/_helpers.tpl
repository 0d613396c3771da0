{{/* Room for the longest suffix, "-migrate", within the 63 characters of a label. */}}
{{- define "pouls.fullname" -}}
{{- if contains "pouls" .Release.Name -}}
{{- .Release.Name | trunc 54 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-pouls" .Release.Name | trunc 54 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Takes {root, component}. */}}
{{- define "pouls.selector" -}}
app.kubernetes.io/name: pouls
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Takes {root, component}. */}}
{{- define "pouls.labels" -}}
{{ include "pouls.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{- define "pouls.image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{- define "pouls.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (include "pouls.fullname" .) }}
{{- end -}}

{{- define "pouls.workClaim" -}}
{{ .Values.keys.work.existingClaim | default (printf "%s-work-keys" (include "pouls.fullname" .)) }}
{{- end -}}

{{/*
A secret is mounted whole: one secret for both would hand serve the worker's and the owner's logins.
*/}}
{{- define "pouls.apiKeysSecret" -}}
{{- if eq .Values.keys.api.existingSecret .Values.database.existingSecret -}}
{{- fail "keys.api.existingSecret and database.existingSecret must be two different secrets" -}}
{{- end -}}
{{ .Values.keys.api.existingSecret }}
{{- end -}}

{{/*
What every pod of ours has in common. Service links are off because Kubernetes would otherwise add
variables such as POULS_PORT, which look like settings of ours.
*/}}
{{- define "pouls.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "pouls.container" -}}
image: {{ include "pouls.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Takes {root, key}: each process logs in with a role of its own. */}}
{{- define "pouls.databaseEnv" -}}
- name: POULS_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.database.existingSecret }}
      key: {{ .key }}
{{- end -}}

{{- define "pouls.commonEnv" -}}
- name: POULS_KEYS_DIR
  value: /keys
- name: POULS_HTTP_METRICS_HOST
  value: "0.0.0.0"
- name: POULS_HTTP_METRICS_PORT
  value: "9464"
- name: POULS_HTTP_PUBLIC_URL
  value: {{ .Values.http.publicUrl | quote }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}
