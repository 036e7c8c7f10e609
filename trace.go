package onepoint

import "time"

// Trace is one call to a bank, as a developer wants to see it: secrets and
// signatures are masked in it, and nothing else is.
type Trace struct {
	Seq            int64             `json:"seq"`  // in the transcript
	Step           string            `json:"step"` // of the onboarding
	At             time.Time         `json:"at"`
	Took           time.Duration     `json:"took"` // nanoseconds
	Method         string            `json:"method"`
	URL            string            `json:"url"`
	RequestHeader  map[string]string `json:"requestHeader"`
	RequestBody    string            `json:"requestBody,omitempty"`
	Status         int               `json:"status,omitempty"` // 0 when no answer came
	ResponseHeader map[string]string `json:"responseHeader,omitempty"`
	ResponseBody   string            `json:"responseBody,omitempty"`
	Error          string            `json:"error,omitempty"`
}
