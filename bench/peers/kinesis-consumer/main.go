// Reads a stream of the bench with github.com/harlow/kinesis-consumer, and prints what it counted as one line of JSON.
//
//	kinesis-consumer read|parse|objects STREAM
//
// read looks at each payload; parse unmarshals it and keeps what is paid; objects also puts the bytes of what is kept to S3, as lines, in objects of
// 8 MiB before gzip -6. KINESIS and S3 are endpoints, WARM_UP_CPU_MS and WINDOW_CPU_MS say how long to look, as in src/rows/meter.ts.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	consumer "github.com/harlow/kinesis-consumer"
)

const (
	objectBytes = 8 << 20
	gzipLevel   = 6
	perPage     = 10_000
	// kinesis-consumer pauses 250 ms between reads unless told otherwise; a canned shard always has more.
	scanInterval = time.Millisecond
	look         = time.Millisecond
)

var newline = []byte{'\n'}

var records, payloadBytes, sum atomic.Int64

type order struct {
	ID       int64   `json:"id"`
	Status   string  `json:"status"`
	Customer string  `json:"customer"`
	Total    float64 `json:"total"`
	Note     string  `json:"note"`
}

func main() {
	mode, stream := os.Args[1], os.Args[2]
	region := os.Getenv("AWS_REGION")
	given := credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), "")
	config := aws.Config{Region: region, Credentials: given}
	client := kinesis.NewFromConfig(config, func(o *kinesis.Options) { o.BaseEndpoint = aws.String(os.Getenv("KINESIS")) })
	store := s3.NewFromConfig(config, func(o *s3.Options) {
		o.BaseEndpoint = aws.String(os.Getenv("S3"))
		o.UsePathStyle = true
	})
	reader, err := consumer.New(stream,
		consumer.WithClient(client),
		consumer.WithScanInterval(scanInterval),
		consumer.WithMaxRecords(perPage),
		consumer.WithShardIteratorType(string(types.ShardIteratorTypeTrimHorizon)))
	must(err)
	work := map[string]func(*consumer.Record) error{
		"read":    read,
		"parse":   func(r *consumer.Record) error { _, err := isPaid(r); return err },
		"objects": (&objects{store: store}).write,
	}[mode]
	if work == nil {
		log.Fatalf("there is no mode %s", mode)
	}
	go measure(milliseconds("WARM_UP_CPU_MS"), milliseconds("WINDOW_CPU_MS"))
	must(reader.Scan(context.Background(), func(r *consumer.Record) error {
		if err := work(r); err != nil {
			return err
		}
		payloadBytes.Add(int64(len(r.Data)))
		records.Add(1)
		return nil
	}))
}

func read(r *consumer.Record) error {
	sum.Add(int64(len(r.Data)) + int64(r.Data[len(r.Data)/2]))
	return nil
}

func isPaid(r *consumer.Record) (bool, error) {
	var o order
	if err := json.Unmarshal(r.Data, &o); err != nil {
		return false, err
	}
	sum.Add(o.ID + int64(len(o.Note)))
	return o.Status == "paid", nil
}

// objects holds an object for each shard: Scan calls from a goroutine per shard.
type objects struct {
	store  *s3.Client
	shards sync.Map
}

type object struct {
	lines int
	bytes bytes.Buffer
	gzip  *gzip.Writer
}

func (o *objects) write(r *consumer.Record) error {
	isKept, err := isPaid(r)
	if err != nil || !isKept {
		return err
	}
	known, _ := o.shards.LoadOrStore(r.ShardID, &object{})
	open := known.(*object)
	if open.gzip == nil {
		if open.gzip, err = gzip.NewWriterLevel(&open.bytes, gzipLevel); err != nil {
			return err
		}
	}
	for _, part := range [][]byte{r.Data, newline} {
		if _, err = open.gzip.Write(part); err != nil {
			return err
		}
	}
	if open.lines += len(r.Data) + 1; open.lines < objectBytes {
		return nil
	}
	if err = open.gzip.Close(); err != nil {
		return err
	}
	key := fmt.Sprintf("go/%s-%d", r.ShardID, time.Now().UnixNano())
	_, err = o.store.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String("bench"), Key: aws.String(key), Body: bytes.NewReader(open.bytes.Bytes()),
	})
	open.bytes.Reset()
	open.gzip.Reset(&open.bytes)
	open.lines = 0
	return err
}

// measure waits for the warm-up, looks for as long as the window is, and ends the process.
func measure(warmUp, window time.Duration) {
	for {
		used, _ := usage()
		if used >= warmUp && records.Load() > 0 {
			break
		}
		time.Sleep(look)
	}
	before, _ := usage()
	firstRecord, firstByte, begun := records.Load(), payloadBytes.Load(), time.Now()
	for {
		used, peakBytes := usage()
		if used-before < window {
			time.Sleep(look)
			continue
		}
		count := records.Load() - firstRecord
		must(json.NewEncoder(os.Stdout).Encode(map[string]any{
			"records":      count,
			"bytes":        payloadBytes.Load() - firstByte,
			"cpuMs":        float64((used - before).Microseconds()) / 1000,
			"wallMs":       float64(time.Since(begun).Microseconds()) / 1000,
			"peakRssBytes": peakBytes,
			"sum":          sum.Load(),
		}))
		os.Exit(0)
	}
}

// usage is the CPU time of the whole process, and the largest memory that it had.
func usage() (time.Duration, int64) {
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), u.Maxrss * 1024
}

func milliseconds(name string) time.Duration {
	value, err := strconv.Atoi(os.Getenv(name))
	must(err)
	return time.Duration(value) * time.Millisecond
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
