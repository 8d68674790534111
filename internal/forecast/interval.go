package forecast

import (
	"encoding/json"
	"math"
)

// Interval is a figure with its bounds: nine times of ten it is between Low and High.
type Interval struct{ Low, Expected, High float64 }

// Exactly is a figure that is known.
func Exactly(figure float64) Interval { return Interval{figure, figure, figure} }

// Holds tells whether a figure is within the bounds.
func (i Interval) Holds(figure float64) bool { return i.Low <= figure && figure <= i.High }

// hull is the smallest interval around all figures, of which the first is the expected one.
func hull(expected float64, others ...float64) Interval {
	i := Exactly(expected)
	for _, figure := range others {
		i.Low, i.High = min(i.Low, figure), max(i.High, figure)
	}
	return i
}

// times is the interval, each of its figures multiplied by that of another.
func (i Interval) times(by Interval) Interval {
	return Interval{i.Low * by.Low, i.Expected * by.Expected, i.High * by.High}
}

// MarshalJSON implements json.Marshaler: [low, expected, high], in whole numbers.
func (i Interval) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]int64{int64(math.Round(i.Low)), int64(math.Round(i.Expected)), int64(math.Round(i.High))})
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *Interval) UnmarshalJSON(document []byte) error {
	var figures [3]float64
	if err := json.Unmarshal(document, &figures); err != nil {
		return err
	}
	*i = Interval{figures[0], figures[1], figures[2]}
	return nil
}
