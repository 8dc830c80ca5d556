import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * HAPI FHIR's instance validator for R4, offline, over whatever standard input names until it ends.
 *
 * <p>A line of input is a file name, or "NAME", a tab and a resource as JSON on one line. A line of output is the
 * answer to one of them, in whatever order they are ready: {"file", "milliseconds", "issues": [{"severity", "id",
 * "location", "message"}]}.
 */
public final class Judge {
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    public static void main(String[] arguments) throws IOException, InterruptedException {
        PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err); // what libraries print is no answer
        FhirValidator validator = validator();
        ExecutorService workers = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = questions.readLine()) != null; ) {
            String question = line;
            workers.execute(() -> {
                String answer = GSON.toJson(judged(validator, question));
                answers.println(answer);
            });
        }
        workers.shutdown();
        workers.awaitTermination(1, TimeUnit.HOURS);
    }

    private static FhirValidator validator() {
        FhirContext r4 = FhirContext.forR4();
        UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(r4);
        unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING); // LOINC, SNOMED CT, ours
        FhirInstanceValidator instances = new FhirInstanceValidator(new ValidationSupportChain(
            new DefaultProfileValidationSupport(r4),
            new CommonCodeSystemsTerminologyService(r4),
            new InMemoryTerminologyServerValidationSupport(r4),
            unknown));
        instances.setAnyExtensionsAllowed(true);
        instances.setErrorForUnknownProfiles(false);
        instances.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
        return r4.newValidator().registerValidatorModule(instances);
    }

    private static Map<String, Object> judged(FhirValidator validator, String question) {
        long began = System.nanoTime();
        int tab = question.indexOf('\t');
        String name = tab < 0 ? question : question.substring(0, tab);
        List<Map<String, String>> issues = new ArrayList<>();
        try {
            String resource = tab < 0 ? Files.readString(Path.of(name)) : question.substring(tab + 1);
            for (SingleValidationMessage message : validator.validateWithResult(resource).getMessages()) {
                issues.add(issue(
                    message.getSeverity().getCode(),
                    message.getMessageId(),
                    message.getLocationString(),
                    message.getMessage()));
            }
        } catch (Throwable fault) { // that it cannot judge a resource is an answer too
            issues.add(issue("fatal", fault.getClass().getSimpleName(), "", String.valueOf(fault.getMessage())));
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("file", name);
        answer.put("milliseconds", (System.nanoTime() - began) / 1_000_000);
        answer.put("issues", issues);
        return answer;
    }

    private static Map<String, String> issue(String severity, String id, String location, String message) {
        Map<String, String> issue = new LinkedHashMap<>();
        issue.put("severity", severity);
        issue.put("id", id);
        issue.put("location", location);
        issue.put("message", message);
        return issue;
    }
}
