package database

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

const (
	postgresConnections = 16 // for each process; the work is short and the server's disk is one
	connectTimeout      = 5 * time.Second
)

func openPostgres(url string) (*bun.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("%w: this postgres URL cannot be parsed", ErrURL) // err may quote it
	}
	// bun writes values into the query's text, so each text is seen once: preparing
	// it would cost a round trip and a place in the server's memory for nothing.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	if config.ConnectTimeout == 0 || config.ConnectTimeout > connectTimeout {
		config.ConnectTimeout = connectTimeout
	}
	setDefault(config.RuntimeParams, "application_name", "waba")
	setDefault(config.RuntimeParams, "timezone", "UTC")

	pool := sql.OpenDB(stdlib.GetConnector(*config))
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresConnections) // fewer would open and close them all the time
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(time.Hour)
	return bun.NewDB(pool, pgdialect.New()), nil
}

func setDefault(params map[string]string, name, value string) {
	if _, set := params[name]; !set {
		params[name] = value
	}
}
