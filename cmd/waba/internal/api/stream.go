package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Entry is one decision about a restaurant, and where its integration stood after
// it.
type Entry struct {
	event.Envelope
	Seq    uint64 `json:"-"` // place in the log of decisions
	Status Status `json:"status"`

	Raw json.RawMessage `json:"-"` // as it came
}

// Follow calls each for every decision about a restaurant after a place in the
// log, in order, those that are there and then those that come. It returns nil
// when the run is over, and the error of each when that has one. A stream that is
// cut is taken up again where it was cut.
func (c *Client) Follow(ctx context.Context, id event.RestaurantID, after uint64, each func(Entry) error) error {
	for attempt := 0; ; attempt++ {
		before := after
		over, err := c.follow(ctx, id, &after, each)
		if err == nil && over || ctx.Err() != nil {
			return ctx.Err()
		}
		if !isCut(err) {
			return err
		}
		if after > before {
			attempt = 0
		}
		if attempt == maxCuts {
			return err
		}
		pause := time.NewTimer(time.Duration(attempt+1) * time.Second / 2)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

// maxCuts is how often in a row a stream may be cut without anything new.
const maxCuts = 5

// errCut says that a stream has ended before the run was over.
var errCut = errors.New("the stream is cut")

// isCut says whether the stream can be taken up again.
func isCut(err error) bool {
	_, unreachable := errors.AsType[*UnreachableError](err)
	problem, isProblem := errors.AsType[*Problem](err)
	return errors.Is(err, errCut) || unreachable || isProblem && problem.Status == http.StatusServiceUnavailable
}

// follow reads one stream. over says that the run is over.
func (c *Client) follow(ctx context.Context, id event.RestaurantID, after *uint64, each func(Entry) error) (over bool, err error) {
	header := http.Header{"Accept": {"text/event-stream"}}
	if *after > 0 {
		header.Set("Last-Event-ID", strconv.FormatUint(*after, 10))
	}
	answer, err := c.do(ctx, http.MethodGet, "/integrations/"+string(id)+"/events", header, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = answer.Body.Close() }() // given up
	if answer.StatusCode == http.StatusNoContent {
		return true, nil
	}
	lines := bufio.NewReader(answer.Body)
	for {
		message, err := readMessage(lines)
		if err != nil {
			return false, fmt.Errorf("%w: %w", errCut, err)
		}
		if message.name == "done" {
			return true, nil
		}
		if message.id <= *after {
			continue
		}
		entry := Entry{Seq: message.id, Raw: message.data}
		if err := json.Unmarshal(message.data, &entry); err != nil {
			return false, fmt.Errorf("event %d: %w", message.id, err)
		}
		if err := each(entry); err != nil {
			return false, err
		}
		*after = message.id
	}
}

// message is one server-sent event.
type message struct {
	id   uint64
	name string
	data []byte
}

// readMessage reads up to the blank line that ends a message. Comments and
// messages without data are skipped.
func readMessage(lines *bufio.Reader) (message, error) {
	var m message
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return m, err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			if m.data != nil {
				return m, nil
			}
			m = message{}
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			if m.id, err = strconv.ParseUint(value, 10, 64); err != nil {
				return m, fmt.Errorf("id of an event: %w", err)
			}
		case "event":
			m.name = value
		case "data":
			if m.data != nil {
				m.data = append(m.data, '\n')
			}
			m.data = append(m.data, value...)
		}
	}
}
