// Draws the dashboards from the tables in this folder: `just dashboards`. What a panel asks is checked against the table of
// instruments (instruments.json, printed by libs/telemetry), so no panel asks for what nobody measures.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

//go:embed instruments.json
var instrumentsFile []byte

// One row of the table of instruments.
type instrument struct {
	Family string   `json:"family"`
	Labels []string `json:"labels"`
	Help   string   `json:"help"`
	Series []string `json:"series"`
}

var seriesName = regexp.MustCompile(`sluicebox_[a-z_]+`)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("say where the dashboards go: go run . FOLDER"))
	}
	var table []instrument
	if err := json.Unmarshal(instrumentsFile, &table); err != nil {
		fail(err)
	}
	for _, board := range boards {
		if err := checked(board, table); err != nil {
			fail(err)
		}
		text, err := drawn(board, table)
		if err != nil {
			fail(fmt.Errorf("%s: %w", board.uid, err))
		}
		path := filepath.Join(os.Args[1], board.uid+".json")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			fail(err)
		}
	}
}

func drawn(board board, table []instrument) ([]byte, error) {
	built, err := draw(board, table)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(built)
	return text.Bytes(), err
}

// Every series that a panel asks for is in the table.
func checked(board board, table []instrument) error {
	for _, row := range board.rows {
		for _, panel := range row.panels {
			for _, query := range panel.queries {
				for _, name := range seriesName.FindAllString(query.expr, -1) {
					if _, found := of(name, table); !found {
						return fmt.Errorf("%s, %q: there is no %s", board.uid, panel.title, name)
					}
				}
			}
		}
	}
	return nil
}

func of(series string, table []instrument) (instrument, bool) {
	at := slices.IndexFunc(table, func(row instrument) bool { return slices.Contains(row.Series, series) })
	if at < 0 {
		return instrument{}, false
	}
	return table[at], true
}

// What the figures of a panel mean, in the words of the table.
func meaning(panel panel, table []instrument) string {
	var told []string
	for _, query := range panel.queries {
		for _, name := range seriesName.FindAllString(query.expr, -1) {
			row, _ := of(name, table)
			line := fmt.Sprintf("%s: %s.", row.Family, row.Help)
			if !slices.Contains(told, line) {
				told = append(told, line)
			}
		}
	}
	var text bytes.Buffer
	if panel.note != "" {
		text.WriteString(panel.note + "\n")
	}
	for _, line := range told {
		text.WriteString("\n" + line)
	}
	return text.String()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}
