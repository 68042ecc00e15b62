package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

const tag = "sluicebox"

// The data source is chosen in the dashboard, never written into it.
func source() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${datasource}")}
}

func draw(board board, table []instrument) (dashboard.Dashboard, error) {
	builder := dashboard.NewDashboardBuilder(board.title).
		Uid(board.uid).
		Description(board.description).
		Tags([]string{tag}).
		Refresh("30s").
		Time("now-1h", "now").
		Timezone("browser").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Editable().
		Link(dashboard.NewDashboardLinkBuilder("Sluicebox").
			Type(dashboard.DashboardLinkTypeDashboards).Tags([]string{tag}).KeepTime(true).IncludeVars(true)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus")).
		WithVariable(variable("namespace", "Namespace", "label_values(sluicebox_build_info, namespace)")).
		WithVariable(variable("service", "Service", `label_values(sluicebox_records_read_total{namespace=~"$namespace"}, service)`))
	for _, row := range board.rows {
		builder = builder.WithRow(dashboard.NewRowBuilder(row.title))
		for _, panel := range row.panels {
			if panel.stat {
				builder = builder.WithPanel(figure(panel, table))
			} else {
				builder = builder.WithPanel(graph(panel, table))
			}
		}
	}
	return builder.Build()
}

// `.*` stands for all, so that series without the label count too.
func variable(name, label, query string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).
		Label(label).
		Query(dashboard.StringOrMap{String: &query}).
		Datasource(source()).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).
		IncludeAll(true).
		AllValue(".*").
		Current(dashboard.VariableOption{
			Selected: cog.ToPtr(true),
			Text:     dashboard.StringOrArrayOfString{String: cog.ToPtr("All")},
			Value:    dashboard.StringOrArrayOfString{String: cog.ToPtr("$__all")},
		})
}

func graph(panel panel, table []instrument) *timeseries.PanelBuilder {
	builder := timeseries.NewPanelBuilder().
		Title(panel.title).
		Description(meaning(panel, table)).
		Datasource(source()).
		Unit(panel.unit).
		Min(0).
		Span(panel.span).
		Height(8).
		LineWidth(1).
		FillOpacity(8).
		ShowPoints(common.VisibilityModeNever).
		Thresholds(thresholds(panel)).
		Legend(common.NewVizLegendOptionsBuilder().
			DisplayMode(common.LegendDisplayModeTable).
			Placement(common.LegendPlacementBottom).
			ShowLegend(true).
			Calcs([]string{"lastNotNull", "max"})).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if len(panel.steps) > 0 {
		builder = builder.ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
	}
	for _, link := range panel.links {
		builder = builder.Links(links(link))
	}
	for _, query := range panel.queries {
		builder = builder.WithTarget(target(query))
	}
	return builder
}

func figure(panel panel, table []instrument) *stat.PanelBuilder {
	builder := stat.NewPanelBuilder().
		Title(panel.title).
		Description(meaning(panel, table)).
		Datasource(source()).
		Unit(panel.unit).
		Span(panel.span).
		Height(5).
		NoValue("no data").
		Thresholds(thresholds(panel)).
		ColorMode(common.BigValueColorModeBackground).
		GraphMode(common.BigValueGraphModeArea).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
	for _, link := range panel.links {
		builder = builder.Links(links(link))
	}
	for _, query := range panel.queries {
		builder = builder.WithTarget(target(query))
	}
	return builder
}

func target(query query) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().
		Datasource(source()).
		Expr(query.expr).
		LegendFormat(query.legend).
		RefId(query.id).
		Range()
}

func thresholds(panel panel) *dashboard.ThresholdsConfigBuilder {
	base := panel.base
	if base == "" {
		base = "green"
	}
	steps := []dashboard.Threshold{{Color: base}}
	for _, step := range panel.steps {
		steps = append(steps, dashboard.Threshold{Value: cog.ToPtr(step.from), Color: step.color})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

func links(to string) []cog.Builder[dashboard.DashboardLink] {
	link := dashboard.NewDashboardLinkBuilder("Look closer").
		Type(dashboard.DashboardLinkTypeLink).
		Url("/d/" + to + "?${__url_time_range}&${datasource:queryparam}&${namespace:queryparam}&${service:queryparam}")
	return []cog.Builder[dashboard.DashboardLink]{link}
}
