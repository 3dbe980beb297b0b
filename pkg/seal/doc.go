// Package seal keeps secrets out of sight: in memory, on the bus and at rest.
//
//   - [Secret] holds a token, code, PIN or app secret in memory and cannot be
//     printed, logged, marshalled or stored by accident.
//   - [SealTo] encrypts a secret to a public key (HPKE), so that whoever carries
//     it, the gateway and the bus, cannot read it; [Keyring.Open] opens it.
//   - [DataKey] encrypts what rests in a table. Each restaurant has its own data
//     key, wrapped by the [Keyring]; destroying the wrapped key destroys all that
//     was sealed with it, in backups too.
//   - [SigningKey] signs what leaves the system and comes back: OAuth state,
//     handles, cursors.
//
// Every ciphertext is bound to what it is for (purpose or table and column) and
// to its restaurant, and carries its version and key id in clear, so keys can be
// rotated without downtime. A text moved elsewhere or changed in any byte does
// not open: [ErrTampered]. A text under a key that is not here: [ErrWrongKey].
//
// The package imports only the standard library. Everything in it may be used
// by several goroutines at once.
package seal
