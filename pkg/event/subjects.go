package event

import (
	"strconv"
	"strings"
)

// Subject returns where an event about a restaurant is published:
// waba.<family>.<restaurant>.<Name>.
func Subject(family Family, id RestaurantID, name Name) string {
	return "waba." + string(family) + "." + string(id) + "." + string(name)
}

// Subjects returns the wildcard for all events of a family about a restaurant.
// For decisions it is also the fence: every writer uses this very string.
func Subjects(family Family, id RestaurantID) string {
	return "waba." + string(family) + "." + string(id) + ".*"
}

// TimerSubject returns where the wait with this number is armed. Each wait has a
// subject of its own: arming again on a shared one would replace a live timer.
func TimerSubject(id RestaurantID, tick Name, number uint64) string {
	return "waba.timer." + string(id) + "." + string(tick) + "-" + strconv.FormatUint(number, 10)
}

// SecretSubject returns where a sealed secret waits.
func SecretSubject(ref SecretRef) string { return "waba.secret." + string(ref) }

// ParseSubject takes a subject of one of the three families apart.
func ParseSubject(subject string) (family Family, id RestaurantID, name Name, ok bool) {
	parts := strings.Split(subject, ".")
	if len(parts) != 4 || parts[0] != "waba" {
		return "", "", "", false
	}
	family = Family(parts[1])
	switch family {
	case FamilyInput, FamilyTick, FamilyDecision:
	default:
		return "", "", "", false
	}
	id, err := ParseRestaurantID(parts[2])
	if err != nil || string(id) != parts[2] {
		return "", "", "", false
	}
	return family, id, Name(parts[3]), true
}
