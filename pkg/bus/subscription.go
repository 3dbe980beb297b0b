package bus

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// How long a request for messages stands at the server, and how often the server
// says that it is still there while it has none to deliver.
const (
	requestLife = 30 * time.Second
	serverPulse = 5 * time.Second
	silence     = 2*serverPulse + time.Second
)

// subscription delivers one topic. Its fields belong to the goroutine of run.
//
// At most one request for messages stands at a time, for as many as can be
// started on. It is over when that many have come, or when the server says so.
type subscription struct {
	topic  string
	config SubscriberConfig
	conn   *nats.Conn
	prefix string // of JetStream's API
	logger *slog.Logger

	inbox    string // the request's number is its last token
	requests *nats.Subscription
	status   chan nats.Status
	in       chan *nats.Msg
	out      chan *message.Message
	done     chan *delivery
	draining chan struct{} // closed when no more work is wanted

	target    string // where messages are asked for; empty: the consumer is not bound
	request   uint64 // number of the last request
	wanted    int    // messages that the last request may still bring
	heard     bool   // of the server, since the last look
	failures  uint64 // in a row, of binding and asking
	held      map[*delivery]struct{}
	heartbeat time.Duration
}

func newSubscription(js jetstream.JetStream, config SubscriberConfig, topic string) (*subscription, error) {
	s := &subscription{
		topic:    topic,
		config:   config,
		conn:     js.Conn(),
		prefix:   apiPrefix(js.Options()),
		logger:   config.Logger.With("topic", topic),
		inbox:    js.Conn().NewInbox(),
		in:       make(chan *nats.Msg, 2*config.InFlight+64), // a full one would lose messages
		out:      make(chan *message.Message),
		done:     make(chan *delivery),
		draining: make(chan struct{}),
		held:     make(map[*delivery]struct{}, config.InFlight),
	}
	s.status = s.conn.StatusChanged(nats.CONNECTED, nats.CLOSED) // first, so that no closing is missed
	var err error
	if s.requests, err = s.conn.ChanSubscribe(s.inbox+".*", s.in); err != nil {
		s.conn.RemoveStatusListener(s.status)
		return nil, err
	}
	return s, nil
}

func apiPrefix(options jetstream.JetStreamOptions) string {
	switch {
	case options.Domain != "":
		return "$JS." + options.Domain + ".API."
	case options.APIPrefix != "":
		return strings.TrimSuffix(options.APIPrefix, ".") + "."
	}
	return jetstream.DefaultAPIPrefix
}

// run delivers until ctx ends or the connection is closed, and then until nothing
// is in flight.
func (s *subscription) run(ctx context.Context) {
	defer close(s.out)
	defer s.conn.RemoveStatusListener(s.status)
	work, endWork := context.WithCancel(context.WithoutCancel(ctx)) // parent of all messages' contexts
	defer endWork()
	look := time.NewTicker(silence)
	defer look.Stop()
	beat := time.NewTicker(time.Hour)
	defer beat.Stop()
	bind := time.NewTimer(0)
	defer bind.Stop()
	ended := ctx.Done() // nil once the end has begun
	var overdue <-chan time.Time
	var giveUp <-chan struct{}

	stop := func() {
		ended, giveUp = nil, s.config.GiveUp
		close(s.draining)
		overdue = time.After(s.config.Drain)
		s.stopAsking(work)
	}
	for ended != nil || len(s.held) > 0 {
		if ended != nil && s.target != "" && !s.ask(work) {
			bind.Reset(s.pause())
		}
		select {
		case msg := <-s.in:
			if !s.receive(work, msg) {
				bind.Reset(s.pause())
			}
		case d := <-s.done:
			delete(s.held, d)
		case <-beat.C:
			s.beat(work)
		case <-bind.C:
			if ended == nil {
				continue
			}
			if !s.bind(ctx) {
				bind.Reset(s.pause())
				continue
			}
			beat.Reset(s.heartbeat / 2)
		case <-look.C:
			if s.wanted > 0 && !s.heard {
				s.logger.DebugContext(work, "server is silent, asking again")
				s.wanted = 0
			}
			s.heard = false
		case now := <-s.status:
			s.wanted = 0 // a server forgets the requests of a lost connection
			if now == nats.CLOSED && ended != nil {
				s.logger.WarnContext(work, "connection is closed, subscription ends")
				stop()
			}
		case <-ended:
			stop()
		case <-overdue:
			s.logger.WarnContext(work, "handlers did not finish in time", "in_flight", len(s.held))
			endWork()
		case <-giveUp:
			giveUp = nil
			endWork()
		}
	}
}

// pause returns how long to wait before the consumer is looked for again.
func (s *subscription) pause() time.Duration { return min(Backoff(s.failures), 10*time.Second) }

// bind finds the consumer. It reports whether it is there.
func (s *subscription) bind(ctx context.Context) bool {
	if !s.conn.IsConnected() {
		return false // the connection has its own words for it
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	consumer, err := s.config.Consumer(ctx, s.topic)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			s.failed(ctx, "consumer is not there", "error", err)
		}
		return false
	}
	info := consumer.CachedInfo()
	s.target = s.prefix + "CONSUMER.MSG.NEXT." + info.Stream + "." + info.Name
	s.heartbeat = s.config.Heartbeat
	if s.heartbeat <= 0 {
		s.heartbeat = max(info.Config.AckWait/2, 10*time.Millisecond)
	}
	s.wanted = 0
	return true
}

// ask requests as many messages as can be started on, unless a request stands. It
// reports whether the consumer is still to be asked.
func (s *subscription) ask(ctx context.Context) bool {
	room := s.config.InFlight - len(s.held)
	if s.wanted > 0 || room <= 0 || !s.conn.IsConnected() {
		return true
	}
	s.request++
	body := make([]byte, 0, 80)
	body = append(body, `{"batch":`...)
	body = strconv.AppendInt(body, int64(room), 10)
	body = append(body, `,"expires":`...)
	body = strconv.AppendInt(body, int64(requestLife), 10)
	body = append(body, `,"idle_heartbeat":`...)
	body = strconv.AppendInt(body, int64(serverPulse), 10)
	body = append(body, '}')
	err := s.conn.PublishRequest(s.target, s.inbox+"."+strconv.FormatUint(s.request, 10), body)
	if err != nil {
		s.failed(ctx, "messages cannot be asked for", "error", err)
		return false
	}
	s.wanted, s.heard = room, true
	return true
}

// receive takes a message, or what the server says about a request. It reports
// whether the consumer is still to be asked.
func (s *subscription) receive(ctx context.Context, msg *nats.Msg) bool {
	s.heard = true
	if msg.Reply == "" {
		return s.answered(ctx, msg)
	}
	parsed, err := parse(msg)
	if err != nil {
		s.logger.WarnContext(ctx, "message is not from a consumer", "subject", msg.Subject)
		return true
	}
	s.works(ctx)
	s.wanted = max(s.wanted-1, 0)
	d := &delivery{Message: parsed, conn: s.conn, reply: msg.Reply, touched: time.Now()}
	if len(s.held) >= s.config.InFlight { // of a request that was thought lost
		s.report(ctx, d, d.giveBack(0))
		return true
	}
	s.held[d] = struct{}{}
	go s.hand(ctx, d)
	return true
}

// answered takes a status message: the request is over, for one reason or another.
func (s *subscription) answered(ctx context.Context, msg *nats.Msg) bool {
	code := msg.Header.Get("Status")
	if code == "100" || code == "408" {
		s.works(ctx)
	}
	if code == "100" || !strings.HasSuffix(msg.Subject, "."+strconv.FormatUint(s.request, 10)) {
		return true // a sign of life, or of an older request
	}
	s.wanted = 0
	description := msg.Header.Get("Description")
	switch {
	case code == "404", code == "408", description == "Batch Completed":
		return true // nothing came in time
	case code == "409" && description != "Consumer Deleted" && s.failures == 0:
		s.failures++ // a change of leader, or a server that stops: look for it again at once
		s.target = ""
		return false
	}
	s.failed(ctx, "consumer does not answer", "status", code, "description", description)
	return false
}

// works notes that the consumer can be used.
func (s *subscription) works(ctx context.Context) {
	if s.failures > 0 {
		s.logger.InfoContext(ctx, "consumer is there again")
		s.failures = 0
	}
}

// failed notes that the consumer cannot be used: it is to be bound again.
func (s *subscription) failed(ctx context.Context, what string, attributes ...any) {
	s.target, s.wanted = "", 0
	s.failures++
	s.logger.WarnContext(ctx, "consumer cannot be used", append(attributes, "what", what, "failures", s.failures)...)
}

// hand gives a message to the handler and tells the server what came of it.
func (s *subscription) hand(work context.Context, d *delivery) {
	ctx, end := context.WithCancel(context.WithValue(work, deliveryKey{}, d))
	defer func() {
		end()
		s.done <- d
	}()
	msg := d.watermill()
	msg.SetContext(ctx)
	select {
	case s.out <- msg:
	case <-s.draining:
		s.report(ctx, d, d.giveBack(0))
		return
	}
	select {
	case <-msg.Acked():
		s.report(ctx, d, d.settle())
	case <-msg.Nacked():
		s.report(ctx, d, d.giveBack(s.config.Backoff(d.Deliveries)))
	case <-work.Done():
		s.report(ctx, d, d.giveBack(s.config.Backoff(d.Deliveries)))
	}
}

// report logs that the server was not told: it will deliver the message again.
func (s *subscription) report(ctx context.Context, d *delivery, err error) {
	if err != nil {
		s.logger.WarnContext(ctx, "settlement was not sent", "stream", d.Stream, "seq", d.Seq, "error", err)
	}
}

// beat keeps the messages at work from being delivered again.
func (s *subscription) beat(ctx context.Context) {
	now := time.Now()
	for d := range s.held {
		if err := d.heartbeat(now, now.Add(-s.heartbeat/2)); err != nil {
			s.logger.DebugContext(ctx, "heartbeat was not sent", "error", err)
			return
		}
	}
}

// stopAsking ends the standing request and gives back what it brought meanwhile,
// so that another process has it at once.
func (s *subscription) stopAsking(ctx context.Context) {
	s.target = ""
	if err := s.requests.Drain(); err != nil {
		return // the connection is closed
	}
	if s.conn.IsConnected() {
		flush, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if err := s.conn.FlushWithContext(flush); err != nil {
			s.logger.DebugContext(ctx, "flush before the end", "error", err)
		}
	}
	for {
		select {
		case msg := <-s.in:
			if parsed, err := parse(msg); err == nil {
				d := &delivery{Message: parsed, conn: s.conn, reply: msg.Reply}
				s.report(ctx, d, d.giveBack(0))
			}
		default:
			return
		}
	}
}
