package main

// A dashboard, before it is drawn.
type board struct {
	uid         string
	title       string
	description string
	rows        []row
}

type row struct {
	title  string
	panels []panel
}

// A question, and the figures that answer it.
type panel struct {
	title   string
	note    string
	unit    string
	span    uint32
	stat    bool
	base    string
	steps   []step
	links   []string
	queries []query
}

type step struct {
	from  float64
	color string
}

type query struct {
	id     string
	expr   string
	legend string
}

const (
	// What every query asks of.
	here = `namespace=~"$namespace"`
	// The same, of the services that were chosen.
	chosen = here + `,service=~"$service"`
)

func one(expr, legend string) []query { return []query{{"A", expr, legend}} }

func rate(series, by string) string {
	return "sum by (" + by + ") (rate(" + series + "{" + chosen + "}[$__rate_interval]))"
}

// Replicas all tell the lag of their whole group.
func largest(series, by string) string {
	return "max by (" + by + ") (" + series + "{" + chosen + "})"
}

func quantile(of, series, by string) string {
	return "histogram_quantile(" + of + ", sum by (le, " + by + ") (rate(" + series + "{" + chosen + "}[$__rate_interval])))"
}

// A part of what was read, zero where there is none.
func share(series string) string {
	return "(" + rate(series, "service") + " or 0 * " + rate("sluicebox_records_read_total", "service") + ")"
}

var boards = []board{stream, rules, notifications, operations}

var stream = board{
	uid:         "sluicebox-stream",
	title:       "Sluicebox / Stream",
	description: "Events come in, signals, detections and notifications go out: is every stage at work, in time, and does it account for every record?",
	rows: []row{
		{title: "Now", panels: []panel{
			{title: "Is every process ready?", unit: "percentunit", span: 6, stat: true, base: "red", steps: []step{{0.5, "orange"}, {1, "green"}}, links: []string{"sluicebox-operations"},
				queries: one("sum(sluicebox_ready{"+here+"}) / count(sluicebox_ready{"+here+"})", "ready")},
			{title: "How many events come in?", note: "What the normalizer reads, however it came onto the ingest topic.", unit: "ops", span: 6, stat: true, base: "blue",
				queries: one(`sum(rate(sluicebox_records_read_total{`+here+`,service="normalizer"}[$__rate_interval]))`, "events")},
			{title: "How late is the latest stage?", unit: "s", span: 6, stat: true, steps: []step{{30, "orange"}, {300, "red"}},
				queries: one("max(sluicebox_lag_seconds{"+here+"})", "lag")},
			{title: "What stands still until somebody acts?", note: "Tasks in quarantine (`sluicebox tasks`) and parts of processes that failed (/readyz, the log).", unit: "short", span: 6, stat: true, steps: []step{{1, "red"}}, links: []string{"sluicebox-operations"},
				queries: one(`sum(sluicebox_quarantined_tasks{`+here+`} or vector(0)) + sum(sluicebox_parts{`+here+`,state="failed"} or vector(0))`, "tasks and parts")},
		}},
		{title: "Stage by stage", panels: []panel{
			{title: "How much does each stage read?", unit: "ops", span: 12, queries: one(rate("sluicebox_records_read_total", "service"), "{{service}}")},
			{title: "How much does each stage write?", unit: "ops", span: 12, queries: one(rate("sluicebox_records_emitted_total", "service"), "{{service}}")},
			{title: "How late is each stage?", note: "How long the oldest record that is still to be read has waited.", unit: "s", span: 12, steps: []step{{30, "orange"}, {300, "red"}},
				queries: one(largest("sluicebox_lag_seconds", "service, topic"), "{{service}} of {{topic}}")},
			{title: "How much is left to read?", unit: "short", span: 12, queries: one(largest("sluicebox_lag_records", "service, topic"), "{{service}} of {{topic}}")},
		}},
		{title: "Where records go", panels: []panel{
			{title: "Does every stage account for what it read?", note: "Read less what was let through, left out, seen before and dead. Above zero: records wait for the outside world, or are lost; `sluicebox flow` tells which.", unit: "ops", span: 12,
				queries: one(rate("sluicebox_records_read_total", "service")+" - "+share("sluicebox_records_out_total")+" - "+share("sluicebox_records_filtered_total")+" - "+share("sluicebox_records_duplicate_total")+" - "+share("sluicebox_records_dead_total"), "{{service}}")},
			{title: "What is left out, and why?", unit: "ops", span: 12, links: []string{"sluicebox-rules"}, queries: one("topk(12, "+rate("sluicebox_records_filtered_total", "service, reason")+")", "{{service}}: {{reason}}")},
			{title: "How much is sent twice?", unit: "percentunit", span: 12,
				queries: one(rate("sluicebox_records_duplicate_total", "service")+" / "+rate("sluicebox_records_read_total", "service"), "{{service}}")},
			{title: "What cannot be processed, and whose fault is it?", note: "`sluicebox dlq list` shows each.", unit: "ops", span: 12, steps: []step{{1, "red"}},
				queries: one("topk(12, "+rate("sluicebox_dead_letters_by_sender_total", "service, fault, tenant, source")+")", "{{service}}: {{fault}}, {{tenant}}/{{source}}")},
		}},
	},
}

var rules = board{
	uid:         "sluicebox-rules",
	title:       "Sluicebox / Rules",
	description: "Are the newest rules in use, what do they let through, and what would those on trial change?",
	rows: []row{
		{title: "In use", panels: []panel{
			{title: "Was a change of rules refused?", note: "The last good version stays in use; `sluicebox rules status` says where the mistake is.", unit: "short", span: 8, stat: true, steps: []step{{1, "red"}},
				queries: one("sum(max by (service) (sluicebox_reload_failed{"+here+"}))", "services")},
			{title: "How many detections come of the events?", unit: "ops", span: 8, stat: true, base: "blue",
				queries: one(`sum(rate(sluicebox_records_emitted_total{`+here+`,service="detector"}[$__rate_interval]))`, "detections")},
			{title: "How many versions of signals are written?", unit: "ops", span: 8, stat: true, base: "blue",
				queries: one(`sum(rate(sluicebox_records_emitted_total{`+here+`,service="enricher"}[$__rate_interval]))`, "signals")},
			{title: "What share of the events leads on, stage by stage?", unit: "percentunit", span: 12,
				queries: one(rate("sluicebox_records_out_total", "service")+" / "+rate("sluicebox_records_read_total", "service"), "{{service}}")},
			{title: "Why do events lead to nothing?", unit: "ops", span: 12, queries: one("topk(12, "+rate("sluicebox_records_filtered_total", "service, reason")+")", "{{service}}: {{reason}}")},
		}},
		{title: "On trial and too late", panels: []panel{
			{title: "What would rules on trial change?", note: "Since the start of each process: what rules in shadow or canary mode matched, and which scores and levels they would have changed.", unit: "short", span: 12,
				queries: one("sum by (service, reason) (sluicebox_rules_on_trial_events{"+chosen+"})", "{{service}}: {{reason}}")},
			{title: "Which rules miss events that come too late?", note: "`detector.allowed_lateness` says how late an event may come.", unit: "ops", span: 12, queries: one("topk(12, "+rate("sluicebox_records_late_total", "service, rule")+")", "{{rule}}")},
			{title: "Whose clocks are ahead?", note: "Times ahead of the broker's are replaced and counted.", unit: "ops", span: 12, queries: one(rate("sluicebox_records_time_corrected_total", "service"), "{{service}}")},
		}},
	},
}

var notifications = board{
	uid:         "sluicebox-notifications",
	title:       "Sluicebox / Notifications",
	description: "Are people told, in time, and what do the receivers answer?",
	rows: []row{
		{title: "From plan to receipt", panels: []panel{
			{title: "How many notifications are planned?", unit: "ops", span: 8, stat: true, base: "blue",
				queries: one(`sum(rate(sluicebox_records_emitted_total{`+here+`,service="notifier-plan"}[$__rate_interval]))`, "planned")},
			{title: "How many are settled?", note: "Delivered, or given up and dead.", unit: "ops", span: 8, stat: true, base: "blue",
				queries: one(`sum(rate(sluicebox_records_out_total{`+here+`,service="notifier-deliver"}[$__rate_interval]))`, "settled")},
			{title: "How many were given up?", note: "Dead letters of delivery in the last hour; `sluicebox notifications` and `sluicebox dlq` put them back.", unit: "short", span: 8, stat: true, steps: []step{{1, "red"}},
				queries: one(`sum(increase(sluicebox_records_dead_total{`+here+`,service="notifier-deliver"}[1h]) or vector(0))`, "given up")},
			{title: "How late is delivery?", unit: "s", span: 12, steps: []step{{60, "orange"}, {600, "red"}},
				queries: one(`max by (service, topic) (sluicebox_lag_seconds{`+here+`,service=~"notifier-.*"})`, "{{service}} of {{topic}}")},
			{title: "Why is nobody told?", note: "What planning leaves out, by reason.", unit: "ops", span: 12,
				queries: one(`sum by (reason) (rate(sluicebox_records_filtered_total{`+here+`,service=~"notifier-.*"}[$__rate_interval]))`, "{{reason}}")},
		}},
	},
}

var operations = board{
	uid:         "sluicebox-operations",
	title:       "Sluicebox / Operations",
	description: "Processes, restores, transactions, clients: what waits, what has failed, what is short?",
	rows: []row{
		{title: "Processes", panels: []panel{
			{title: "What waits, what has failed?", note: "/readyz and the log say why, part by part.", unit: "short", span: 12, queries: one(`sum by (state) (sluicebox_parts{`+here+`})`, "{{state}}")},
			{title: "Which version runs, and on how many processes?", unit: "short", span: 12, queries: one(`count by (version, built_from) (sluicebox_build_info{`+here+`})`, "{{version}} {{built_from}}")},
			{title: "How much memory does each process use?", unit: "bytes", span: 12, queries: one(`sluicebox_process_resident_memory_bytes{`+here+`}`, "{{pod}}{{instance}}")},
			{title: "How many cores does each process use?", unit: "short", span: 12, queries: one(`rate(sluicebox_process_cpu_seconds_total{`+here+`}[$__rate_interval])`, "{{pod}}{{instance}}")},
		}},
		{title: "Transactions and state", panels: []panel{
			{title: "Do transactions end well?", note: "A few aborted ones belong to rebalances and failures of the broker; a steady share does not.", unit: "ops", span: 12, queries: one(rate("sluicebox_transactions_total", "service, reason"), "{{service}}: {{reason}}")},
			{title: "How long does a commit take?", note: "Half of the commits, and all but one in a hundred.", unit: "s", span: 12, queries: []query{
				{"A", quantile("0.5", "sluicebox_commit_seconds_bucket", "service"), "{{service}} p50"},
				{"B", quantile("0.99", "sluicebox_commit_seconds_bucket", "service"), "{{service}} p99"},
			}},
			{title: "How far is each restore?", note: "Of the latest restore of each lane.", unit: "percentunit", span: 12,
				queries: one("sum by (service, lane) (sluicebox_restored_records{"+chosen+"}) / sum by (service, lane) (sluicebox_restore_total_records{"+chosen+"} > 0)", "{{service}} lane {{lane}}")},
			{title: "How long does a restore still take?", unit: "s", span: 12, queries: one(largest("sluicebox_restore_left_seconds", "service, lane"), "{{service}} lane {{lane}}")},
			{title: "Which tasks are quarantined?", note: "`sluicebox tasks` says what is to be mended.", unit: "short", span: 12, steps: []step{{1, "red"}}, queries: one("sum by (service) (sluicebox_quarantined_tasks{"+chosen+"})", "{{service}}")},
			{title: "How old are the figures of the lag?", note: "While the broker does not answer, the last ones stand.", unit: "s", span: 12, steps: []step{{60, "red"}},
				queries: one("time() - max by (pod, instance) (sluicebox_lag_measured_timestamp_seconds{"+here+"} > 0)", "{{pod}}{{instance}}")},
		}},
		{title: "Clients", panels: []panel{
			{title: "How many clients are connected?", unit: "short", span: 12, queries: one(`sum by (listener) (sluicebox_connections_open{`+here+`})`, "{{listener}}")},
			{title: "How often do clients connect?", unit: "ops", span: 12, queries: one(`sum by (listener) (rate(sluicebox_connections_accepted_total{`+here+`}[$__rate_interval]))`, "{{listener}}")},
			{title: "Who is turned away, and why?", unit: "ops", span: 12, queries: one(`sum by (listener, reason) (rate(sluicebox_connections_closed_total{`+here+`}[$__rate_interval]))`, "{{listener}}: {{reason}}")},
			{title: "Which requests are refused?", unit: "ops", span: 12, queries: one(`sum by (service, reason) (rate(sluicebox_records_filtered_total{`+here+`,service=~"adapters|api|ops"}[$__rate_interval]))`, "{{service}}: {{reason}}")},
		}},
	},
}
