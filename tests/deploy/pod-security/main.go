// Says of every pod in the rendered charts on standard input whether it passes the Pod Security level restricted, by the code
// that the API server decides with. Exit code 1 if one does not.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	strict "sigs.k8s.io/yaml"
)

func main() {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		fail(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	pods, refused := 0, 0
	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fail(err)
		}
		name, meta, spec, err := podOf(document)
		if err != nil {
			fail(err)
		}
		if spec == nil {
			continue
		}
		pods++
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, meta, spec))
		if !result.Allowed {
			refused++
			fmt.Printf("%s: %s\n", name, result.ForbiddenDetail())
		}
	}
	fmt.Printf("%d pods, %d refused\n", pods, refused)
	if pods == 0 || refused > 0 {
		os.Exit(1)
	}
}

// The pod that a document makes, if it makes one.
func podOf(document []byte) (string, *metav1.ObjectMeta, *corev1.PodSpec, error) {
	var kind metav1.TypeMeta
	if err := strict.Unmarshal(document, &kind); err != nil {
		return "", nil, nil, err
	}
	switch kind.Kind {
	case "Deployment":
		var it appsv1.Deployment
		err := strict.UnmarshalStrict(document, &it)
		return it.Name, &it.Spec.Template.ObjectMeta, &it.Spec.Template.Spec, err
	case "StatefulSet":
		var it appsv1.StatefulSet
		err := strict.UnmarshalStrict(document, &it)
		return it.Name, &it.Spec.Template.ObjectMeta, &it.Spec.Template.Spec, err
	case "Job":
		var it batchv1.Job
		err := strict.UnmarshalStrict(document, &it)
		return it.Name, &it.Spec.Template.ObjectMeta, &it.Spec.Template.Spec, err
	case "Pod":
		var it corev1.Pod
		err := strict.UnmarshalStrict(document, &it)
		return it.Name, &it.ObjectMeta, &it.Spec, err
	}
	return "", nil, nil, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}
