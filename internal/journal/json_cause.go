package journal

import (
	"strconv"

	"wsinspect/internal/diagnosis"
)

// AppendCausesJSON appends causes as the list that stands in an attempt.
func AppendCausesJSON(b []byte, causes []diagnosis.Conclusion) []byte {
	b = append(b, '[')
	for i := range causes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendConclusion(b, &causes[i])
	}
	return append(b, ']')
}

func appendConclusion(b []byte, c *diagnosis.Conclusion) []byte {
	b = append(b, `{"id":`...)
	b = appendJSONWords(b, c.Cause.ID)
	b = append(b, `,"title":`...)
	b = appendJSONWords(b, c.Cause.Title)
	b = append(b, `,"severity":`...)
	b = appendJSONWords(b, c.Cause.Severity.String())
	b = append(b, `,"confidence":`...)
	b = appendJSONWords(b, c.Confidence.String())
	b = append(b, `,"party":`...)
	b = appendJSONWords(b, c.Cause.Party.String())
	b = append(b, `,"because":`...)
	b = appendJSONWords(b, c.Because)
	b = append(b, `,"explains":`...)
	b = appendWordList(b, c.Explains)
	b = append(b, `,"evidence":`...)
	b = appendSpans(b, c.Evidence)
	if c.At != nil {
		b = append(b, `,"file":`...)
		b = appendJSONWords(b, c.At.File)
		b = append(b, `,"line":`...)
		b = strconv.AppendInt(b, int64(c.At.Line), 10)
	}
	b = append(b, `,"fix":`...)
	return append(appendFix(b, &c.Fix), '}')
}

func appendFix(b []byte, f *diagnosis.Fix) []byte {
	b = append(b, `{"for":`...)
	b = appendJSONWords(b, f.For)
	b = append(b, `,"hop":`...)
	b = strconv.AppendInt(b, int64(f.Hop), 10)
	b = append(b, `,"steps":[`...)
	for i, step := range f.Steps {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"where":`...)
		b = appendJSONWords(b, step.Where)
		b = append(b, `,"lines":`...)
		b = appendWordList(b, step.Lines)
		b = append(b, `,"remove":`...)
		b = appendWordList(b, step.Remove)
		b = append(b, '}')
	}
	b = append(b, `],"note":`...)
	return append(appendJSONWords(b, f.Note), '}')
}

// AppendHopsJSON appends hops as the list that stands in an attempt.
func AppendHopsJSON(b []byte, hops []diagnosis.Hop) []byte {
	b = append(b, '[')
	for i := range hops {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendJSONWords(b, hops[i].Name)
		b = append(b, `,"confidence":`...)
		b = appendJSONWords(b, hops[i].Confidence.String())
		b = append(b, `,"because":`...)
		b = appendJSONWords(b, hops[i].Because)
		b = append(b, '}')
	}
	return append(b, ']')
}
